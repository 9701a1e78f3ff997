"""Objectives, windows, budgets, burn rates, policies and gates: pure functions of definitions, counts and the time they are asked for."""
