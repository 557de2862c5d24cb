"""A stand-in for CodePipeline: runs the deployed definitions of pipelines, action by action, in their order.

The local AWS has no CodePipeline, so the local stage leaves each pipeline's definition, as CloudFormation
would have got it, in a parameter. This process runs it: an S3 source, CodeBuild's commands, a Lambda that
answers for its job, with the same artifacts, the same job documents and the same events (their source is
`everyday.codepipeline`, because nobody but AWS may send as `aws.codepipeline`).
"""
