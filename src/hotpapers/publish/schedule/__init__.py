"""The schedule: freezing issues when their day closes, publishing them, keeping them up to date; and the site's health.

due            which issues are due and what they wait for, days without one, and the first hours of a site
publishing     the job that freezes and publishes
sending        the job that sends issues
clock_check    whether this machine's clock can be believed
housekeeping   the job that prunes, updates standing, and pings a monitor while all is well
queries        which posts changed, and which issues show them
health         the site's health: problems and metrics
"""
