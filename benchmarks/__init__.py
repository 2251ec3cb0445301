"""Figures to hold beside the budgets of the design; never a test."""
