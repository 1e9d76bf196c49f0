"""What mining does to false alarms on real photographs of makes that it has not seen."""
