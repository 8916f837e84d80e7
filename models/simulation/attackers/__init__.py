"""Attackers, one module a family; each operator is a closed loop that sees decisions and bans."""
