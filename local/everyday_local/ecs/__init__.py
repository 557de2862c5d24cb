"""A stand-in for Amazon ECS on EC2: clusters of container instances on which tasks really run.

It speaks ECS's wire protocol, so an unmodified AWS client works with it, and is strict where ECS is.
Services, capacity providers and Fargate are left out: what needs them is refused.
"""
