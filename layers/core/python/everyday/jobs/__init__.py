"""Run container jobs on an ECS cluster in priority order, only when they really fit."""
