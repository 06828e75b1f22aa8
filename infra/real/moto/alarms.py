"""Alarms in templates, which moto 5.2.5 has in its API only, and alarms asked for by name and state at once."""

from moto.cloudwatch.models import cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.common_models import CloudFormationModel


class Asked:
    """A template's properties in the place of a request."""

    def __init__(self, properties, backend):
        self.properties = properties
        self.cloudwatch_backend = backend

    def _get_param(self, name, default=None):
        return self.properties.get(name, default)

    def _get_bool_param(self, name):
        return str(self.properties.get(name, True)).lower() == "true"


class StackAlarm(CloudFormationModel):
    """moto finds it by its type, and the service by the module."""

    __module__ = "moto.cloudwatch.models"

    def __init__(self, name, backend):
        self.name = name
        self.backend = backend

    @staticmethod
    def cloudformation_name_type():
        return "AlarmName"

    @staticmethod
    def cloudformation_type():
        return "AWS::CloudWatch::Alarm"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        backend = cloudwatch_backends[account_id][region_name]
        properties = {**cloudformation_json["Properties"], "AlarmName": resource_name}
        CloudWatchResponse.put_metric_alarm(Asked(properties, backend))
        return cls(resource_name, backend)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        if original_resource.name != new_resource_name:
            original_resource.backend.delete_alarms([original_resource.name])
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        cloudwatch_backends[account_id][region_name].delete_alarms([resource_name])

    @property
    def physical_resource_id(self):
        return self.name

    def get_cfn_attribute(self, attribute_name):
        return self.backend.alarms[self.name].alarm_arn


describe_alarms = CloudWatchResponse.describe_alarms


def alarms_described(self):
    answer = describe_alarms(self)
    state = self._get_param("StateValue")
    if state is not None:
        for kind, alarms in answer.result.items():
            answer.result[kind] = [alarm for alarm in alarms if alarm.state_value == state]
    return answer


def patch():
    CloudWatchResponse.describe_alarms = alarms_described
