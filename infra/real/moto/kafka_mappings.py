"""Event source mappings for Kafka.

moto 5.2.5 knows mappings of SQS, DynamoDB and Kinesis only, and each of them has to exist. Here any mapping is kept as it was
asked for and answered in the words of Lambda's API, so that it can be created, read, updated, paused and deleted, by
CloudFormation and by clients alike. Nothing polls.
"""

import time
from urllib.parse import unquote

from moto.awslambda import models, responses

Mapping = models.EventSourceMapping
Backend = models.LambdaBackend
Response = responses.LambdaResponse

# Where CloudFormation and the API have two names for one thing.
API_NAMES = {"KmsKeyArn": "KMSKeyArn"}
# Of these the API has another form, or none, in what it answers.
NOT_ANSWERED = {"Enabled", "FunctionName", "Tags", "FunctionArn", "RegionName", "AccountId"}
# What Lambda does not change in a mapping that is there; CloudFormation makes a new one instead.
CREATE_ONLY = {
    "EventSourceArn",
    "SelfManagedEventSource",
    "StartingPosition",
    "StartingPositionTimestamp",
}


def in_api_words(properties):
    said = {API_NAMES.get(name, name): value for name, value in properties.items()}
    source = said.get("SelfManagedEventSource")
    if source:
        servers = source["Endpoints"]
        brokers = servers.get("KafkaBootstrapServers") or servers["KAFKA_BOOTSTRAP_SERVERS"]
        said["SelfManagedEventSource"] = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": brokers}}
    return said


def wanted_enabled(properties, otherwise):
    """CloudFormation's templates may say it as text."""
    return str(properties.get("Enabled", otherwise)).lower() != "false"


def create_mapping(self, spec):
    function = self._lambdas.get_function_by_name_or_arn_with_qualifier(spec["FunctionName"])
    known = {
        "RegionName": self.region_name,
        "AccountId": self.account_id,
        "FunctionArn": function.function_arn,
        # Of a self-managed cluster there is none, but moto takes a mapping apart by it.
        "EventSourceArn": spec.get("EventSourceArn", "none:none:kafka"),
    }
    mapping = Mapping({**spec, **known})
    mapping.said = in_api_words(spec)
    mapping.enabled = wanted_enabled(spec, True)
    self._event_source_mappings[mapping.uuid] = mapping
    return mapping


def update_mapping(self, uuid, spec):
    mapping = self.get_event_source_mapping(uuid)
    if mapping is None:
        return None
    if "FunctionName" in spec:
        named = self._lambdas.get_function_by_name_or_arn_with_qualifier(spec["FunctionName"])
        mapping.function_arn = named.function_arn
    mapping.said = {**mapping.said, **in_api_words(spec)}
    mapping.enabled = wanted_enabled(spec, mapping.enabled)
    mapping.last_modified = time.time()
    return mapping


def list_mappings(self, event_source_arn, function_name):
    """A function is named by its name or by its ARN."""
    return [
        mapping
        for mapping in self._event_source_mappings.values()
        if event_source_arn in (None, mapping.said.get("EventSourceArn"))
        and (
            function_name is None
            or function_name == mapping.function_arn
            or function_name == mapping.function_arn.split(":")[6]
        )
    ]


def configuration(self):
    said = {name: value for name, value in self.said.items() if name not in NOT_ANSWERED}
    return {
        **said,
        "UUID": self.uuid,
        "EventSourceMappingArn": self.arn,
        "FunctionArn": self.function_arn,
        "LastModified": self.last_modified,
        "LastProcessingResult": "No records processed",
        "State": "Enabled" if self.enabled else "Disabled",
        "StateTransitionReason": "USER_INITIATED",
    }


def update_answered(self):
    """Lambda needs a moment: it answers with what it is about to do, as its clients have to expect."""
    uuid = unquote(self.path.split("/")[-1])
    before = self.backend.get_event_source_mapping(uuid)
    was = before.enabled if before else None
    status, headers, body = answer_update(self)
    if was is not None:
        state = "Updating" if was == before.enabled else "Enabling" if before.enabled else "Disabling"
        body = responses.json.dumps({**before.get_configuration(), "State": state})
    return status, headers, body


@classmethod
def update_by_template(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    """What can only be created is created again, as CloudFormation does: the new one first, then the old one goes."""
    properties = cloudformation_json["Properties"]
    backend = models.get_backend(account_id, region_name)
    wanted = in_api_words(properties)
    if any(wanted.get(name) != original_resource.said.get(name) for name in CREATE_ONLY):
        created = backend.create_event_source_mapping(properties)
        backend.delete_event_source_mapping(original_resource.uuid)
        return created
    # The template says all of it: what it no longer says is gone.
    original_resource.said = {}
    original_resource.enabled = True
    return backend.update_event_source_mapping(original_resource.uuid, properties)


@classmethod
def delete_by_template(cls, resource_name, cloudformation_json, account_id, region_name):
    models.get_backend(account_id, region_name).delete_event_source_mapping(resource_name)


answer_update = Response.update_event_source_mapping


def patch():
    Response.update_event_source_mapping = update_answered
    Backend.create_event_source_mapping = create_mapping
    Backend.update_event_source_mapping = update_mapping
    Backend.list_event_source_mappings = list_mappings
    Mapping.event_source_arn = None
    Mapping.batch_size = None
    Mapping.get_configuration = configuration
    Mapping.update_from_cloudformation_json = update_by_template
    Mapping.delete_from_cloudformation_json = delete_by_template
