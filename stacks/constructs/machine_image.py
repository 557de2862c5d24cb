"""The image of the CloudTop: EC2 Image Builder runs `image/provision` on Ubuntu."""

from hashlib import sha256
from json import dumps
from pathlib import Path
from shlex import quote
from typing import Any

import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3_assets as assets
from aws_cdk import CfnResource, IgnoreMode, Stack
from constructs import Construct

from stacks.cloudtop_table import Cloudtop
from stacks.constructs.service_role import service_role
from stacks.layer_lock import ROOT

_PACKAGE = ROOT / "layers/core/python/everyday"
_TREE = "/tmp/everyday"  # noqa: S108 - of a machine that lives for this only
_ROOT_GIB = 30
_MANAGED = ("EC2InstanceProfileForImageBuilder", "AmazonSSMManagedInstanceCore")


class MachineImage(Construct):
    """`id`: the AMI, built while the stack is deployed, again only when something in it has changed.

    The pipeline of the same recipe runs on demand, to try a build by hand.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cloudtop: Cloudtop,
        subnet: str,
        group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        files, program = self._assets()
        document = _document(cloudtop, files, program)
        # What Image Builder has made under a name and version it never changes: the name is the content's.
        seen = dumps([Stack.of(self).resolve(document), cloudtop.image])
        name = f"everyday-cloudtop-{sha256(seen.encode()).hexdigest()}"
        recipe = self._recipe(name, document, "arm64" if cloudtop.graviton else "x86")
        plant = self._plant(name, [files, program], subnet, group, graviton=cloudtop.graviton)
        built = {
            "ImageRecipeArn": recipe,
            "InfrastructureConfigurationArn": plant,
            "ImageTestsConfiguration": {"ImageTestsEnabled": False},
        }
        image = self._make("Image", built)
        self._make("ImagePipeline", {"Name": "everyday-cloudtop", "Status": "ENABLED", **built})
        self.id = image.get_att("ImageId").to_string()

    def _assets(self) -> tuple[assets.Asset, assets.Asset]:
        """`image/`, and of the package only what the machine runs: a change elsewhere bakes no new image."""
        kept = {"__init__.py", "cloudtop"}, {"__init__.py", "names.py", "machine"}
        others = _besides(_PACKAGE, kept[0]) + _besides(_PACKAGE / "cloudtop", kept[1])
        left_out = ["__pycache__/", "*.pyc", *others]
        files = assets.Asset(self, "Files", path=str(ROOT / "image"), ignore_mode=IgnoreMode.GIT)
        program = assets.Asset(
            self, "Program", path=str(_PACKAGE), exclude=left_out, ignore_mode=IgnoreMode.GIT
        )
        return files, program

    def _recipe(self, name: str, document: dict[str, Any], processor: str) -> str:
        stack = Stack.of(self)
        component = self._make(
            "Component",
            {
                "Name": name,
                "Version": "1.0.0",
                "Platform": "Linux",
                # Every JSON document is one of YAML.
                "Data": stack.to_json_string(document),
            },
        )
        ubuntu = f"aws:image/ubuntu-server-24-lts-{processor}/x.x.x"
        disk = {"VolumeSize": _ROOT_GIB, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
        return self._make(
            "ImageRecipe",
            {
                "Name": name,
                "Version": "1.0.0",
                "ParentImage": f"arn:{stack.partition}:imagebuilder:{stack.region}:{ubuntu}",
                "Components": [{"ComponentArn": component.ref}],
                "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": disk}],
                # The agent is the way in.
                "AdditionalInstanceConfiguration": {"SystemsManagerAgent": {"UninstallAfterBuild": False}},
            },
        ).ref

    def _plant(
        self,
        name: str,
        read: list[assets.Asset],
        subnet: str,
        group: ec2.ISecurityGroup,
        *,
        graviton: bool,
    ) -> str:
        role = self._role(read)
        profile = iam.CfnInstanceProfile(self, "Profile", roles=[role.role_name])
        return self._make(
            "InfrastructureConfiguration",
            {
                "Name": name,
                "InstanceProfileName": profile.ref,
                "InstanceTypes": ["m6g.large"] if graviton else ["m6i.large", "m6a.large", "m5.large"],
                "SubnetId": subnet,
                "SecurityGroupIds": [group.security_group_id],
                "TerminateInstanceOnFailure": True,
                "InstanceMetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            },
        ).ref

    def _role(self, read: list[assets.Asset]) -> iam.Role:
        role = service_role(
            self,
            "Role",
            "ec2",
            *_MANAGED,
            because="Image Builder asks for these two; the machine that has them ends with the build.",
        )
        objects = [each.bucket.arn_for_objects(each.s3_object_key) for each in read]
        role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=objects))
        return role

    def _make(self, kind: str, properties: dict[str, Any]) -> CfnResource:
        return CfnResource(self, kind, type=f"AWS::ImageBuilder::{kind}", properties=properties)


def _besides(folder: Path, kept: set[str]) -> list[str]:
    """All others in the folder, as patterns of git's kind."""
    place = folder.relative_to(_PACKAGE)
    return sorted(f"/{place / each.name}" for each in folder.iterdir() if each.name not in kept)


def _document(cloudtop: Cloudtop, files: assets.Asset, program: assets.Asset) -> dict[str, Any]:
    """A component of Image Builder: fetch, provision, look whether it is as it should be."""
    wants = {
        "CT_PACKAGES": " ".join(cloudtop.packages),
        "CT_DOCKER": "yes" if cloudtop.docker else "no",
        "CT_DOTFILES": cloudtop.dotfiles or "",
        "CT_DOTFILES_INSTALL": cloudtop.dotfiles_install or "",
    }
    environment = " ".join(f"{name}={quote(value)}" for name, value in wants.items())
    places = {"image": files, "layers/core/python/everyday": program}
    fetched = [f"{_TREE}/{number}.zip" for number, _ in enumerate(places)]
    downloads = [
        {"source": asset.s3_object_url, "destination": path}
        for asset, path in zip(places.values(), fetched, strict=True)
    ]
    unpacked = [
        f"mkdir -p {_TREE}/{place} && python3 -m zipfile -e {path} {_TREE}/{place}"
        for place, path in zip(places, fetched, strict=True)
    ]
    provision = ["set -eu", *unpacked, f"{environment} sh {_TREE}/image/provision", f"rm -rf {_TREE}"]
    looks = [
        "set -eu",
        "systemctl is-enabled ct-storage.service ct-scratch.service ct-watch.service",
        "PYTHONPATH=/usr/local/lib/everyday/python python3 -c 'import everyday.cloudtop.machine.storage'",
    ]
    return {
        "name": "everyday-cloudtop",
        "schemaVersion": 1.0,
        "phases": [
            {
                "name": "build",
                "steps": [
                    {"name": "Fetch", "action": "S3Download", "inputs": downloads},
                    {"name": "Provision", "action": "ExecuteBash", "inputs": {"commands": provision}},
                ],
            },
            {
                "name": "validate",
                "steps": [{"name": "Look", "action": "ExecuteBash", "inputs": {"commands": looks}}],
            },
        ],
    }
