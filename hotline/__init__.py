"""The call side: from the SIP edge to the ticket and the crew's ringing phone."""
