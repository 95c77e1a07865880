//! Records the rights that each function uses: every call that it makes or signs, as IAM actions on resources.
//!
//! A call is either a function's or a test's own, and the clients say which: over those of [`connect`] nothing is done
//! that no function is named for, over those of [`own`] nothing that one is.

use std::collections::BTreeSet;
use std::fs::{OpenOptions, create_dir_all};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef,
    BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use domain::member::EmailAddress;
use serde_json::Value;
use store::ses::Ses;
use store::{Clients, Names};

use crate::functions;
use crate::harness::variable;

/// Names the folder in which every process of the tests leaves what it recorded.
const FOLDER: &str = "PRIVILEGES_FOLDER";

/// What may be sent from, of the stack's account and region.
const IDENTITIES: &str = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*";

/// The one model that template.yaml names, and the profiles that hand a question on to it.
const MODELS: [&str; 2] = [
    "arn:${AWS::Partition}:bedrock:*::foundation-model/AssistantModel",
    "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/*.AssistantModel",
];

/// Recorded already by this process: `function action resource`.
static NOTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A function's clients of the stack with these names: calls are recorded, and those outside of a function refused.
pub fn connect(config: &SdkConfig, names: &Names, interceptors: &[SharedInterceptor]) -> Clients {
    let recorder = SharedInterceptor::new(Recorder(names.clone()));
    Clients::connect(config, &[interceptors, &[recorder]].concat())
}

/// As [`connect`], a sender of mail.
pub fn mailer(config: &SdkConfig, names: &Names, from: Option<EmailAddress>) -> Ses {
    Ses::new(config, &[SharedInterceptor::new(Recorder(names.clone()))], from)
}

/// Records what helpbot asks of a model.
pub fn of_model(names: &Names) -> SharedInterceptor {
    SharedInterceptor::new(Recorder(names.clone()))
}

/// A test's own clients, whose calls are not recorded.
pub fn own(config: &SdkConfig) -> Clients {
    Clients::connect(config, &[SharedInterceptor::new(Own)])
}

#[derive(Debug)]
struct Own;

impl Intercept for Own {
    fn name(&self) -> &'static str {
        "Own"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A panic, since an error might be what a test expects.
        functions::acting().map_or(Ok(()), |function| panic!("{function} works over a test's own clients"))
    }
}

#[derive(Debug)]
struct Recorder(Names);

/// The bucket from which a call reads an object.
#[derive(Debug)]
struct ReadFrom(&'static str);

impl Storable for ReadFrom {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Recorder {
    fn name(&self) -> &'static str {
        "Privileges"
    }

    // The last step that a signed URL takes too: whoever uses it has the rights of the role that signed it.
    fn read_after_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let call = bag.load::<Metadata>().ok_or("a call without a name")?;
        let function = acting(call);
        let needed = self.needed(call, context.request());
        let needed = needed.ok_or_else(|| format!("tests/src/privileges.rs does not know what {call:?} needs"))?;
        needed.into_iter().for_each(|right| note(format!("{function} {right}")));
        if let ("S3", "GetObject" | "HeadObject") = (call.service(), call.name()) {
            let (bucket, _) = self.object(context.request()).ok_or("an object of another stack")?;
            bag.interceptor_state().store_put(ReadFrom(bucket));
        }
        Ok(())
    }

    // S3 tells only those who may list a bucket that an object is absent; others get 403.
    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(ReadFrom(bucket)), 404) = (bag.load::<ReadFrom>(), context.response().status().as_u16()) {
            let call = bag.load::<Metadata>().ok_or("a call without a name")?;
            note(format!("{} s3:ListBucket {bucket}", acting(call)));
        }
        Ok(())
    }
}

impl Recorder {
    /// `action resource` for everything that a call needs; `None` for a call that is not known here.
    fn needed(&self, call: &Metadata, request: &HttpRequest) -> Option<Vec<String>> {
        if call.service() == "S3" {
            return self.needed_of_s3(call.name(), request);
        }
        let body: Value = serde_json::from_slice(request.body().bytes()?).ok()?;
        let resource = |field: &Value| self.resource(field.as_str()?);
        Some(match (call.service(), call.name()) {
            ("DynamoDB", "TransactWriteItems") => {
                let actions = body["TransactItems"].as_array()?.iter().filter_map(Value::as_object).flatten();
                let right = |(kind, action): (&String, &Value)| {
                    Some(format!("dynamodb:{kind}Item {}", resource(&action["TableName"])?))
                };
                actions.map(right).collect::<Option<_>>()?
            }
            ("DynamoDB", name @ ("BatchGetItem" | "BatchWriteItem")) => {
                let tables = body["RequestItems"].as_object()?.keys();
                let right = |table: &String| Some(format!("dynamodb:{name} {}", self.resource(table)?));
                tables.map(right).collect::<Option<_>>()?
            }
            ("DynamoDB", name @ ("GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query")) => {
                let index = body["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
                vec![format!("dynamodb:{name} {}{index}", resource(&body["TableName"])?)]
            }
            // Only from the address that the function is told.
            ("SESv2", "SendEmail") => vec![format!("ses:SendEmail {IDENTITIES} ses:FromAddress=MailFrom")],
            ("Bedrock Runtime", "Converse") => MODELS.map(|model| format!("bedrock:InvokeModel {model}")).to_vec(),
            ("SQS", name @ ("SendMessage" | "ChangeMessageVisibility")) => {
                vec![format!("sqs:{name} {}", resource(&body["QueueUrl"])?)]
            }
            ("KMS", name @ ("Decrypt" | "GenerateDataKey")) => {
                let purpose = body["EncryptionContext"]["purpose"].as_str()?;
                let key = resource(&body["KeyId"])?;
                vec![format!("kms:{name} {key} kms:EncryptionContext:purpose={purpose}")]
            }
            ("Secrets Manager", name @ "GetSecretValue") => {
                vec![format!("secretsmanager:{name} {}", resource(&body["SecretId"])?)]
            }
            _ => return None,
        })
    }

    fn needed_of_s3(&self, name: &str, request: &HttpRequest) -> Option<Vec<String>> {
        let (bucket, objects) = self.object(request)?;
        let mut needed = vec![match name {
            // By the purge: of whatever a tenant has.
            "DeleteObjects" => format!("s3:DeleteObject {bucket}/*"),
            "AbortMultipartUpload" => format!("s3:AbortMultipartUpload {bucket}/*"),
            "ListMultipartUploads" => format!("s3:ListBucketMultipartUploads {bucket}"),
            "ListObjectsV2" => format!("s3:ListBucket {bucket}"),
            "GetObject" | "HeadObject" => format!("s3:GetObject {objects}"),
            "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => {
                format!("s3:PutObject {objects}")
            }
            "ListParts" => format!("s3:ListMultipartUploadParts {objects}"),
            "DeleteObject" => format!("s3:DeleteObject {objects}"),
            _ => return None,
        }];
        if request.headers().contains_key("x-amz-tagging") {
            needed.push(format!("s3:PutObjectTagging {objects}"));
        }
        Some(needed)
    }

    /// The bucket of a request, and the objects of it among which the request's is.
    fn object(&self, request: &HttpRequest) -> Option<(&'static str, String)> {
        let uri: http::Uri = request.uri().parse().ok()?;
        let mut path = uri.path().trim_start_matches('/').split('/');
        let bucket = self.resource(path.next()?)?;
        let (first, kind) = (path.next(), path.next());
        Some(match (first, kind) {
            // What belongs to no tenant yet stands below a folder of its own.
            (Some(folder @ ("message-uploads" | "attachment-uploads")), _) => (bucket, format!("{bucket}/{folder}/*")),
            (_, Some(kind)) if bucket == "ArtifactsBucket" => (bucket, format!("{bucket}/*/{kind}/*")),
            _ => (bucket, format!("{bucket}/*")),
        })
    }

    /// What template.yaml calls a resource.
    fn resource(&self, name: &str) -> Option<&'static str> {
        let names = &self.0;
        let known = [
            (&names.table, "MainTable"),
            (&names.events_table, "EventsTable"),
            (&names.uploads_bucket, "UploadsBucket"),
            (&names.artifacts_bucket, "ArtifactsBucket"),
            (&names.build_queue_url, "BuildQueue"),
            (&names.library_queue_url, "LibraryQueue"),
            (&names.kms_key, "SigningKeyEncryptionKey"),
            (&names.pepper_secret, "PepperSecret"),
        ];
        let known = known.into_iter().find(|(known, _)| *known == name).map(|(_, resource)| resource);
        // The one that a test of billing makes.
        known.or_else(|| name.ends_with("-stripe").then_some("StripeSecret"))
    }
}

/// The function whose work a call is. A panic where there is none, since an error might be what a test expects.
fn acting(call: &Metadata) -> &'static str {
    let (service, name) = (call.service(), call.name());
    functions::acting().unwrap_or_else(|| {
        panic!(
            "{service} {name} is nobody's: tests::functions names the function at work, Bench::store is the test's own"
        )
    })
}

fn note(line: String) {
    let Some(folder) = variable(FOLDER).map(PathBuf::from) else { return };
    let mut noted = NOTED.lock().expect("no panic before");
    if !noted.contains(&line) {
        create_dir_all(&folder).expect("the folder of the recorded rights");
        let file = folder.join(std::process::id().to_string());
        let mut file = OpenOptions::new().create(true).append(true).open(file).expect("a file of recorded rights");
        file.write_all(format!("{line}\n").as_bytes()).expect("recorded rights");
        noted.insert(line);
    }
}
