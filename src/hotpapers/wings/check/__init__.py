"""Check: tries every source, sender and folder of the settings, and says what each needs.

settings_trial   tries all of it, also what other wings have to try
source_check     tries a source without storing anything
command          `hotpapers check`
wing             what it hooks into the core
"""
