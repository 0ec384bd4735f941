"""What is on top?"""
