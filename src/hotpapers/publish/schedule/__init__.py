"""The schedule: freezing issues when their day closes, publishing them, keeping them up to date; and the site's health.

first_issue    the first hours of a site, and when its first issue appears; what is read after a pause
due            which issues are due: plain functions
next_issues    each publication's next issue, what it waits for, and days without one
publishing     the job that freezes and publishes
sending        the job that sends issues
housekeeping   the job that prunes, updates standing, and pings a monitor while all is well
queries        which posts changed, and which issues show them
health         the site's health: problems and metrics
"""
