"""What the local AWS does not know. One unknown type makes it refuse a whole template, so the local stage
leaves these out, and only these; a test asks the local AWS whether the list is still true."""

UNKNOWN_TYPES = frozenset(
    {
        "AWS::Budgets::Budget",
        "AWS::CodePipeline::Pipeline",
        "AWS::DLM::LifecyclePolicy",
        "AWS::EC2::EgressOnlyInternetGateway",
        "AWS::EC2::SpotFleet",
        "AWS::EC2::VPCCidrBlock",
        "AWS::EC2::Volume",
        "AWS::ECS::CapacityProvider",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "AWS::ImageBuilder::Component",
        "AWS::ImageBuilder::Image",
        "AWS::ImageBuilder::ImagePipeline",
        "AWS::ImageBuilder::ImageRecipe",
        "AWS::ImageBuilder::InfrastructureConfiguration",
    }
)
