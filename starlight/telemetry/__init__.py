"""Figures for collectors, without the libraries of the pipeline."""
