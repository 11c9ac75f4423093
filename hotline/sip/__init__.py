"""SIP on both sides: messages and digest for the edge, PJSUA2 legs, bridge and phones for workers."""
