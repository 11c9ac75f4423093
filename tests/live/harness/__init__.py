"""The outside world of the live tests: SIPp, baresip, lossy wires, the service to be tried."""
