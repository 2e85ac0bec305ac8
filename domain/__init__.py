"""The words of the platform: quantities, units, quality, areas, readings, periods. Standard library only."""
