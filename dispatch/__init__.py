"""The dispatch side: tickets, deadlines, crews, escalation. It knows nothing of SIP."""
