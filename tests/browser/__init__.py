"""Tests of pages in a real browser: headless Chromium, driven through the DevTools protocol."""
