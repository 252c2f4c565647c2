"""The tests, in folders named like the packages they test. What they share is in `tests.conftest`: SHARED, data(),
stores."""
