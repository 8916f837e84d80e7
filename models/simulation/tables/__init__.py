"""The tables that honest people and attackers draw from alike: no table belongs to one side."""
