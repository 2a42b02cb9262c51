"""Programmes, vouchers and refusals as pages."""
