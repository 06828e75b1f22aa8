"""What moto 5.2.5 leaves out of templates, or forgets, and AWS does not.

A table's expiry and backups, a table's update, what is retained when a template no longer has it, a resource that comes back
under its old logical id, the policies of a role when they change, the outputs of a stack that came of a change set, what is asked of
a stack with a resource unknown to moto, and the end of a log group's ARN.
"""

import json
import traceback

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.parsing import ResourceMap
from moto.dynamodb.models import Table, dynamodb_backends
from moto.iam.models import Role
from moto.logs.models import LogGroup

create_table = Table.create_from_cloudformation_json.__func__
create_role = Role.create_from_cloudformation_json.__func__
delete_resource = ResourceMap._delete_resource
log_group = LogGroup.get_cfn_attribute
execute_change_set = CloudFormationBackend.execute_change_set


def with_settings(table, properties, account_id, region_name):
    backend = dynamodb_backends[account_id][region_name]
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        backend.update_time_to_live(table.name, {**expiry, "Enabled": is_true(expiry["Enabled"])})
    recovery = properties.get("PointInTimeRecoverySpecification", {})
    wanted = is_true(recovery.get("PointInTimeRecoveryEnabled", False))
    backend.update_continuous_backups(table.name, {"PointInTimeRecoveryEnabled": wanted})
    table.deletion_protection_enabled = is_true(properties.get("DeletionProtectionEnabled", False))
    return table


def is_true(value):
    """Templates may say it as text."""
    return str(value).lower() == "true"


@classmethod
def table_created(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    table = create_table(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
    return with_settings(table, cloudformation_json["Properties"], account_id, region_name)


@classmethod
def table_updated(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    properties = cloudformation_json["Properties"]
    if new_resource_name != original_resource.name or properties["KeySchema"] != original_resource.schema:
        raise ValidationError(new_resource_name, "this would replace a table")
    return with_settings(original_resource, properties, account_id, region_name)


@classmethod
def role_created(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    role = create_role(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
    return with_policies(role, cloudformation_json["Properties"])


@classmethod
def role_updated(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    return with_policies(original_resource, cloudformation_json["Properties"])


def with_policies(role, properties):
    policies = properties.get("Policies", [])
    role.policies = {one["PolicyName"]: json.dumps(one["PolicyDocument"]) for one in policies}
    return role


def resource_deleted(self, parsed_resource, resource_json):
    for name in [name for name, one in self._parsed_resources.items() if one is parsed_resource]:
        del self._parsed_resources[name]
    if resource_json.get("DeletionPolicy") != "Retain":
        delete_resource(self, parsed_resource, resource_json)


def change_set_executed(self, change_set_name, stack_name=None):
    stack = self.get_stack(stack_name)
    try:
        execute_change_set(self, change_set_name, stack_name)
        stack._parse_template()
        stack.output_map = stack._create_output_map()
    except Exception as error:
        # What failed stays as it is, but it is told as CloudFormation tells it, and not as an error of the server.
        traceback.print_exc()
        stack._add_stack_event("UPDATE_FAILED", resource_status_reason=str(error) or repr(error))
        stack.status = "UPDATE_ROLLBACK_COMPLETE"
        stack._add_stack_event(stack.status)


def known_resources(self):
    return [one for one in self.resource_map.values() if one is not None]


def log_group_attribute(self, attribute_name):
    value = log_group(self, attribute_name)
    return f"{value}:*" if attribute_name == "Arn" and not value.endswith(":*") else value


def patch():
    Stack.stack_resources = property(known_resources)
    LogGroup.get_cfn_attribute = log_group_attribute
    CloudFormationBackend.execute_change_set = change_set_executed
    Table.create_from_cloudformation_json = table_created
    Table.update_from_cloudformation_json = table_updated
    Role.create_from_cloudformation_json = role_created
    Role.update_from_cloudformation_json = role_updated
    ResourceMap._delete_resource = resource_deleted
