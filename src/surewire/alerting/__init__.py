"""Alerts from the first bad evaluation to the last notification: states, grouping, routing, escalation, silences."""
