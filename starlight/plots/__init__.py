"""Plots: the tables behind them, contact sheets, figures."""
