"""The GitHub Action: what `action.yml` does, in Python, so that its steps are three lines each."""
