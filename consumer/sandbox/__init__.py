"""The embedded broker, the Genesys emulator and the traffic generator behind `demo` and the tests."""
