import type { Metric, Value } from '../metrics/index.js'
import type { Resource } from '../serverless.js'

/** What an alarm watches, and when it goes off: while the value is greater than the threshold. */
export interface Alarm {
  /** What has happened, and where to read on. */
  readonly description: string
  /** By the ids that the expression uses. */
  readonly metrics: Readonly<Record<string, { readonly metric: Metric; readonly stat: string }>>
  /** Metric math; none where there is one metric, which is then the value. */
  readonly expression?: string
  readonly threshold: number
  /** A multiple of 60. */
  readonly periodSeconds: number
  /** In so many periods on end. */
  readonly periods: number
  /** `missing`: then nobody knows, and it says so. */
  readonly missing: 'notBreaching' | 'missing'
}

/** The alarm as CloudFormation has it. @param topic ARN of an SNS topic that is told of its beginning and end */
export function alarmResource(name: string, alarm: Alarm, topic: Value | undefined): Resource {
  const { expression } = alarm
  const stats = Object.entries(alarm.metrics).map(([Id, { metric, stat }]) => ({
    Id,
    MetricStat: {
      Metric: {
        Namespace: metric.namespace,
        MetricName: metric.name,
        Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: alarm.periodSeconds,
      Stat: stat,
    },
    ReturnData: expression === undefined,
  }))
  const math = expression === undefined ? [] : [{ Id: 'value', Expression: expression, ReturnData: true }]
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: name,
      AlarmDescription: alarm.description,
      Metrics: [...stats, ...math],
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: alarm.threshold,
      EvaluationPeriods: alarm.periods,
      TreatMissingData: alarm.missing,
      ...(topic !== undefined && { AlarmActions: [topic], OKActions: [topic] }),
    },
  }
}
