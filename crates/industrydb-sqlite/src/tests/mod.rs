//! Tests of the connector as core sees it; what Python sees is tested in Python.

mod declared;
