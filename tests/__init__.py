"""The tests, in the rooms of the program they try. What they share is in `tests.conftest`: SHARED, data(), stores."""
