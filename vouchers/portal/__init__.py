"""Programmes and vouchers as pages."""
