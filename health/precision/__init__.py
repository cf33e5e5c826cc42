"""How good each rule is: by what members said of its alerts, and by who left."""
