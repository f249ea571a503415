// Written by scripts/api-models.ts from the API model of the service.
import type { ApiModel } from '../api-model.ts';

export const autoscalingModel: ApiModel = {
  CreateAutoScalingGroup: {
    type: 'structure',
    required: ['AutoScalingGroupName', 'MinSize', 'MaxSize'],
    members: {
      AutoScalingGroupName: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      LaunchConfigurationName: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      LaunchTemplate: {
        type: 'structure',
        members: {
          LaunchTemplateId: {
            type: 'string',
            min: 1,
            max: 255,
            pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
          },
          LaunchTemplateName: { type: 'string', min: 3, max: 128, pattern: '[a-zA-Z0-9\\(\\)\\.\\-/_]+' },
          Version: {
            type: 'string',
            min: 1,
            max: 255,
            pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
          },
        },
      },
      MixedInstancesPolicy: {
        type: 'structure',
        members: {
          LaunchTemplate: {
            type: 'structure',
            members: {
              LaunchTemplateSpecification: {
                type: 'structure',
                members: {
                  LaunchTemplateId: {
                    type: 'string',
                    min: 1,
                    max: 255,
                    pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                  },
                  LaunchTemplateName: {
                    type: 'string',
                    min: 3,
                    max: 128,
                    pattern: '[a-zA-Z0-9\\(\\)\\.\\-/_]+',
                  },
                  Version: {
                    type: 'string',
                    min: 1,
                    max: 255,
                    pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                  },
                },
              },
              Overrides: {
                type: 'list',
                member: {
                  type: 'structure',
                  members: {
                    InstanceType: {
                      type: 'string',
                      min: 1,
                      max: 255,
                      pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                    },
                    WeightedCapacity: {
                      type: 'string',
                      min: 1,
                      max: 32,
                      pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                    },
                    LaunchTemplateSpecification: {
                      type: 'structure',
                      members: {
                        LaunchTemplateId: {
                          type: 'string',
                          min: 1,
                          max: 255,
                          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                        },
                        LaunchTemplateName: {
                          type: 'string',
                          min: 3,
                          max: 128,
                          pattern: '[a-zA-Z0-9\\(\\)\\.\\-/_]+',
                        },
                        Version: {
                          type: 'string',
                          min: 1,
                          max: 255,
                          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                        },
                      },
                    },
                    InstanceRequirements: {
                      type: 'structure',
                      required: ['VCpuCount', 'MemoryMiB'],
                      members: {
                        VCpuCount: {
                          type: 'structure',
                          required: ['Min'],
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        MemoryMiB: {
                          type: 'structure',
                          required: ['Min'],
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        CpuManufacturers: {
                          type: 'list',
                          member: { type: 'string', enum: ['intel', 'amd', 'amazon-web-services'] },
                        },
                        MemoryGiBPerVCpu: {
                          type: 'structure',
                          members: { Min: { type: 'double', min: 0 }, Max: { type: 'double', min: 0 } },
                        },
                        ExcludedInstanceTypes: {
                          type: 'list',
                          max: 400,
                          member: { type: 'string', min: 1, max: 30, pattern: '[a-zA-Z0-9\\.\\*]+' },
                        },
                        InstanceGenerations: {
                          type: 'list',
                          member: { type: 'string', enum: ['current', 'previous'] },
                        },
                        SpotMaxPricePercentageOverLowestPrice: { type: 'integer', min: 0 },
                        OnDemandMaxPricePercentageOverLowestPrice: { type: 'integer', min: 0 },
                        BareMetal: { type: 'string', enum: ['included', 'excluded', 'required'] },
                        BurstablePerformance: { type: 'string', enum: ['included', 'excluded', 'required'] },
                        RequireHibernateSupport: { type: 'boolean' },
                        NetworkInterfaceCount: {
                          type: 'structure',
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        LocalStorage: { type: 'string', enum: ['included', 'excluded', 'required'] },
                        LocalStorageTypes: { type: 'list', member: { type: 'string', enum: ['hdd', 'ssd'] } },
                        TotalLocalStorageGB: {
                          type: 'structure',
                          members: { Min: { type: 'double', min: 0 }, Max: { type: 'double', min: 0 } },
                        },
                        BaselineEbsBandwidthMbps: {
                          type: 'structure',
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        AcceleratorTypes: {
                          type: 'list',
                          member: { type: 'string', enum: ['gpu', 'fpga', 'inference'] },
                        },
                        AcceleratorCount: {
                          type: 'structure',
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        AcceleratorManufacturers: {
                          type: 'list',
                          member: {
                            type: 'string',
                            enum: ['nvidia', 'amd', 'amazon-web-services', 'xilinx'],
                          },
                        },
                        AcceleratorNames: {
                          type: 'list',
                          member: {
                            type: 'string',
                            enum: ['a100', 'v100', 'k80', 't4', 'm60', 'radeon-pro-v520', 'vu9p'],
                          },
                        },
                        AcceleratorTotalMemoryMiB: {
                          type: 'structure',
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        NetworkBandwidthGbps: {
                          type: 'structure',
                          members: { Min: { type: 'double', min: 0 }, Max: { type: 'double', min: 0 } },
                        },
                        AllowedInstanceTypes: {
                          type: 'list',
                          max: 400,
                          member: { type: 'string', min: 1, max: 30, pattern: '[a-zA-Z0-9\\.\\*]+' },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
          InstancesDistribution: {
            type: 'structure',
            members: {
              OnDemandAllocationStrategy: {
                type: 'string',
                pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
              },
              OnDemandBaseCapacity: { type: 'integer' },
              OnDemandPercentageAboveBaseCapacity: { type: 'integer' },
              SpotAllocationStrategy: {
                type: 'string',
                pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
              },
              SpotInstancePools: { type: 'integer' },
              SpotMaxPrice: { type: 'string', min: 0, max: 255 },
            },
          },
        },
      },
      InstanceId: {
        type: 'string',
        min: 1,
        max: 19,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      MinSize: { type: 'integer' },
      MaxSize: { type: 'integer' },
      DesiredCapacity: { type: 'integer' },
      DefaultCooldown: { type: 'integer' },
      AvailabilityZones: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 255,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      LoadBalancerNames: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 255,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      TargetGroupARNs: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 511,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      HealthCheckType: {
        type: 'string',
        min: 1,
        max: 32,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      HealthCheckGracePeriod: { type: 'integer' },
      PlacementGroup: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      VPCZoneIdentifier: {
        type: 'string',
        min: 1,
        max: 2047,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      TerminationPolicies: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 1600,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      NewInstancesProtectedFromScaleIn: { type: 'boolean' },
      CapacityRebalance: { type: 'boolean' },
      LifecycleHookSpecificationList: {
        type: 'list',
        member: {
          type: 'structure',
          required: ['LifecycleHookName', 'LifecycleTransition'],
          members: {
            LifecycleHookName: { type: 'string', min: 1, max: 255, pattern: '[A-Za-z0-9\\-_\\/]+' },
            LifecycleTransition: { type: 'string' },
            NotificationMetadata: {
              type: 'string',
              min: 1,
              max: 1023,
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            HeartbeatTimeout: { type: 'integer' },
            DefaultResult: { type: 'string' },
            NotificationTargetARN: {
              type: 'string',
              min: 0,
              max: 255,
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            RoleARN: {
              type: 'string',
              min: 1,
              max: 255,
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
          },
        },
      },
      Tags: {
        type: 'list',
        member: {
          type: 'structure',
          required: ['Key'],
          members: {
            ResourceId: {
              type: 'string',
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            ResourceType: {
              type: 'string',
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            Key: {
              type: 'string',
              min: 1,
              max: 128,
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            Value: {
              type: 'string',
              min: 0,
              max: 256,
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            PropagateAtLaunch: { type: 'boolean' },
          },
        },
      },
      ServiceLinkedRoleARN: {
        type: 'string',
        min: 1,
        max: 1600,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      MaxInstanceLifetime: { type: 'integer' },
      Context: { type: 'string' },
      DesiredCapacityType: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      DefaultInstanceWarmup: { type: 'integer' },
      TrafficSources: {
        type: 'list',
        member: {
          type: 'structure',
          members: {
            Identifier: {
              type: 'string',
              min: 1,
              max: 511,
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
          },
        },
      },
    },
  },
  CreateLaunchConfiguration: {
    type: 'structure',
    required: ['LaunchConfigurationName'],
    members: {
      LaunchConfigurationName: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      ImageId: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      KeyName: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      SecurityGroups: {
        type: 'list',
        member: {
          type: 'string',
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      ClassicLinkVPCId: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      ClassicLinkVPCSecurityGroups: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 255,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      UserData: {
        type: 'string',
        max: 21847,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      InstanceId: {
        type: 'string',
        min: 1,
        max: 19,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      InstanceType: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      KernelId: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      RamdiskId: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      BlockDeviceMappings: {
        type: 'list',
        member: {
          type: 'structure',
          required: ['DeviceName'],
          members: {
            VirtualName: {
              type: 'string',
              min: 1,
              max: 255,
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            DeviceName: {
              type: 'string',
              min: 1,
              max: 255,
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            Ebs: {
              type: 'structure',
              members: {
                SnapshotId: {
                  type: 'string',
                  min: 1,
                  max: 255,
                  pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                },
                VolumeSize: { type: 'integer', min: 1, max: 16384 },
                VolumeType: { type: 'string', min: 1, max: 255 },
                DeleteOnTermination: { type: 'boolean' },
                Iops: { type: 'integer', min: 100, max: 20000 },
                Encrypted: { type: 'boolean' },
                Throughput: { type: 'integer', min: 125, max: 1000 },
              },
            },
            NoDevice: { type: 'boolean' },
          },
        },
      },
      InstanceMonitoring: { type: 'structure', members: { Enabled: { type: 'boolean' } } },
      SpotPrice: { type: 'string', min: 1, max: 255 },
      IamInstanceProfile: {
        type: 'string',
        min: 1,
        max: 1600,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      EbsOptimized: { type: 'boolean' },
      AssociatePublicIpAddress: { type: 'boolean' },
      PlacementTenancy: {
        type: 'string',
        min: 1,
        max: 64,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      MetadataOptions: {
        type: 'structure',
        members: {
          HttpTokens: { type: 'string', enum: ['optional', 'required'] },
          HttpPutResponseHopLimit: { type: 'integer', min: 1, max: 64 },
          HttpEndpoint: { type: 'string', enum: ['disabled', 'enabled'] },
        },
      },
    },
  },
  DeleteAutoScalingGroup: {
    type: 'structure',
    required: ['AutoScalingGroupName'],
    members: {
      AutoScalingGroupName: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      ForceDelete: { type: 'boolean' },
    },
  },
  DeleteLaunchConfiguration: {
    type: 'structure',
    required: ['LaunchConfigurationName'],
    members: {
      LaunchConfigurationName: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
    },
  },
  DescribeAutoScalingGroups: {
    type: 'structure',
    members: {
      AutoScalingGroupNames: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 255,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      NextToken: {
        type: 'string',
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      MaxRecords: { type: 'integer' },
      Filters: {
        type: 'list',
        member: {
          type: 'structure',
          members: {
            Name: {
              type: 'string',
              pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
            },
            Values: {
              type: 'list',
              member: {
                type: 'string',
                pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
              },
            },
          },
        },
      },
    },
  },
  DescribeLaunchConfigurations: {
    type: 'structure',
    members: {
      LaunchConfigurationNames: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 255,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      NextToken: {
        type: 'string',
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      MaxRecords: { type: 'integer' },
    },
  },
  UpdateAutoScalingGroup: {
    type: 'structure',
    required: ['AutoScalingGroupName'],
    members: {
      AutoScalingGroupName: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      LaunchConfigurationName: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      LaunchTemplate: {
        type: 'structure',
        members: {
          LaunchTemplateId: {
            type: 'string',
            min: 1,
            max: 255,
            pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
          },
          LaunchTemplateName: { type: 'string', min: 3, max: 128, pattern: '[a-zA-Z0-9\\(\\)\\.\\-/_]+' },
          Version: {
            type: 'string',
            min: 1,
            max: 255,
            pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
          },
        },
      },
      MixedInstancesPolicy: {
        type: 'structure',
        members: {
          LaunchTemplate: {
            type: 'structure',
            members: {
              LaunchTemplateSpecification: {
                type: 'structure',
                members: {
                  LaunchTemplateId: {
                    type: 'string',
                    min: 1,
                    max: 255,
                    pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                  },
                  LaunchTemplateName: {
                    type: 'string',
                    min: 3,
                    max: 128,
                    pattern: '[a-zA-Z0-9\\(\\)\\.\\-/_]+',
                  },
                  Version: {
                    type: 'string',
                    min: 1,
                    max: 255,
                    pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                  },
                },
              },
              Overrides: {
                type: 'list',
                member: {
                  type: 'structure',
                  members: {
                    InstanceType: {
                      type: 'string',
                      min: 1,
                      max: 255,
                      pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                    },
                    WeightedCapacity: {
                      type: 'string',
                      min: 1,
                      max: 32,
                      pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                    },
                    LaunchTemplateSpecification: {
                      type: 'structure',
                      members: {
                        LaunchTemplateId: {
                          type: 'string',
                          min: 1,
                          max: 255,
                          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                        },
                        LaunchTemplateName: {
                          type: 'string',
                          min: 3,
                          max: 128,
                          pattern: '[a-zA-Z0-9\\(\\)\\.\\-/_]+',
                        },
                        Version: {
                          type: 'string',
                          min: 1,
                          max: 255,
                          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
                        },
                      },
                    },
                    InstanceRequirements: {
                      type: 'structure',
                      required: ['VCpuCount', 'MemoryMiB'],
                      members: {
                        VCpuCount: {
                          type: 'structure',
                          required: ['Min'],
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        MemoryMiB: {
                          type: 'structure',
                          required: ['Min'],
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        CpuManufacturers: {
                          type: 'list',
                          member: { type: 'string', enum: ['intel', 'amd', 'amazon-web-services'] },
                        },
                        MemoryGiBPerVCpu: {
                          type: 'structure',
                          members: { Min: { type: 'double', min: 0 }, Max: { type: 'double', min: 0 } },
                        },
                        ExcludedInstanceTypes: {
                          type: 'list',
                          max: 400,
                          member: { type: 'string', min: 1, max: 30, pattern: '[a-zA-Z0-9\\.\\*]+' },
                        },
                        InstanceGenerations: {
                          type: 'list',
                          member: { type: 'string', enum: ['current', 'previous'] },
                        },
                        SpotMaxPricePercentageOverLowestPrice: { type: 'integer', min: 0 },
                        OnDemandMaxPricePercentageOverLowestPrice: { type: 'integer', min: 0 },
                        BareMetal: { type: 'string', enum: ['included', 'excluded', 'required'] },
                        BurstablePerformance: { type: 'string', enum: ['included', 'excluded', 'required'] },
                        RequireHibernateSupport: { type: 'boolean' },
                        NetworkInterfaceCount: {
                          type: 'structure',
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        LocalStorage: { type: 'string', enum: ['included', 'excluded', 'required'] },
                        LocalStorageTypes: { type: 'list', member: { type: 'string', enum: ['hdd', 'ssd'] } },
                        TotalLocalStorageGB: {
                          type: 'structure',
                          members: { Min: { type: 'double', min: 0 }, Max: { type: 'double', min: 0 } },
                        },
                        BaselineEbsBandwidthMbps: {
                          type: 'structure',
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        AcceleratorTypes: {
                          type: 'list',
                          member: { type: 'string', enum: ['gpu', 'fpga', 'inference'] },
                        },
                        AcceleratorCount: {
                          type: 'structure',
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        AcceleratorManufacturers: {
                          type: 'list',
                          member: {
                            type: 'string',
                            enum: ['nvidia', 'amd', 'amazon-web-services', 'xilinx'],
                          },
                        },
                        AcceleratorNames: {
                          type: 'list',
                          member: {
                            type: 'string',
                            enum: ['a100', 'v100', 'k80', 't4', 'm60', 'radeon-pro-v520', 'vu9p'],
                          },
                        },
                        AcceleratorTotalMemoryMiB: {
                          type: 'structure',
                          members: { Min: { type: 'integer', min: 0 }, Max: { type: 'integer', min: 0 } },
                        },
                        NetworkBandwidthGbps: {
                          type: 'structure',
                          members: { Min: { type: 'double', min: 0 }, Max: { type: 'double', min: 0 } },
                        },
                        AllowedInstanceTypes: {
                          type: 'list',
                          max: 400,
                          member: { type: 'string', min: 1, max: 30, pattern: '[a-zA-Z0-9\\.\\*]+' },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
          InstancesDistribution: {
            type: 'structure',
            members: {
              OnDemandAllocationStrategy: {
                type: 'string',
                pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
              },
              OnDemandBaseCapacity: { type: 'integer' },
              OnDemandPercentageAboveBaseCapacity: { type: 'integer' },
              SpotAllocationStrategy: {
                type: 'string',
                pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
              },
              SpotInstancePools: { type: 'integer' },
              SpotMaxPrice: { type: 'string', min: 0, max: 255 },
            },
          },
        },
      },
      MinSize: { type: 'integer' },
      MaxSize: { type: 'integer' },
      DesiredCapacity: { type: 'integer' },
      DefaultCooldown: { type: 'integer' },
      AvailabilityZones: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 255,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      HealthCheckType: {
        type: 'string',
        min: 1,
        max: 32,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      HealthCheckGracePeriod: { type: 'integer' },
      PlacementGroup: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      VPCZoneIdentifier: {
        type: 'string',
        min: 1,
        max: 2047,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      TerminationPolicies: {
        type: 'list',
        member: {
          type: 'string',
          min: 1,
          max: 1600,
          pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
        },
      },
      NewInstancesProtectedFromScaleIn: { type: 'boolean' },
      ServiceLinkedRoleARN: {
        type: 'string',
        min: 1,
        max: 1600,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      MaxInstanceLifetime: { type: 'integer' },
      CapacityRebalance: { type: 'boolean' },
      Context: { type: 'string' },
      DesiredCapacityType: {
        type: 'string',
        min: 1,
        max: 255,
        pattern: '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*',
      },
      DefaultInstanceWarmup: { type: 'integer' },
    },
  },
};
