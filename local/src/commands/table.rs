//! The table that a command reads: of a running stack, of its data directory, or on AWS.
//!
//! A running stack holds the lock of its data directory, so nobody else can open the data; but it serves the table on a
//! port, and has written into the directory which. Without a lock nothing runs, not even after `kill -9`: the directory
//! is opened here, and nothing in it is started.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_dynamodb::config::Credentials;
use clap::Args;
use onsale_platform::app::{App, Parts, sdk_settings};
use onsale_platform::clock::Clock;
use onsale_platform::config::Config;
use onsale_platform::ids::Ids;
use onsale_platform::telemetry::metrics::Meter;
use onsale_platform::telemetry::trace::Tracer;

use crate::aws::cloudformation::{REGION, Template};
use crate::data_directory::private_file;
use crate::data_directory::{Data, DirectoryError};
use crate::stack::{Error as StackError, Options, Stack};

/// The file of a data directory that says where its running stack serves the table.
const ADDRESS_FILE: &str = "dynamodb-address";

/// Where the table is.
#[derive(Args, Debug)]
pub struct Place {
    /// Data directory, whether its stack is running or not.
    #[arg(long, default_value = ".onsale", value_name = "DIRECTORY")]
    pub data: PathBuf,
    /// DynamoDB endpoint to read instead, such as that of a stack in memory.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    dynamodb_endpoint: Option<String>,
    /// Table name. Without an endpoint, a table on AWS, with the region and credentials of the AWS SDK.
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    table: Option<String>,
}

/// A table that is open, with further settings.
pub struct Opened {
    /// Reads it.
    pub app: App,
    /// The stack that was opened for it, if its own does not run.
    stack: Option<Stack>,
}

impl Opened {
    /// Closes what was opened for it.
    pub async fn close(self) {
        if let Some(stack) = self.stack {
            stack.shutdown().await;
        }
    }
}

/// Says in the data directory where its stack serves the table.
///
/// # Errors
/// When the file cannot be written.
pub fn write_address(stack: &Stack, address: &str) -> std::io::Result<()> {
    private_file::replace(&stack.directory().join(ADDRESS_FILE), address.as_bytes())
}

impl Place {
    /// Opens the table, with these variables of functions besides its name.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn open(&self, variables: HashMap<String, String>) -> Result<Opened, Box<dyn Error>> {
        let of_stack = Template::load()?.table.name;
        let served = match (&self.dynamodb_endpoint, &self.table) {
            (Some(address), table) => (address.clone(), table.clone().unwrap_or(of_stack)),
            (None, Some(table)) => {
                let aws = aws_config::defaults(BehaviorVersion::latest());
                return Ok(Opened { app: app(aws, table.clone(), variables).await?, stack: None });
            }
            (None, None) => match open_data(&self.data).await {
                Ok(stack) => {
                    return Ok(Opened { app: stack.app().clone(), stack: Some(stack) });
                }
                Err(StackError::Directory(DirectoryError::InUse(_))) => {
                    (fs::read_to_string(self.data.join(ADDRESS_FILE))?, of_stack)
                }
                Err(problem) => return Err(problem.into()),
            },
        };
        // Asks for no credentials.
        let settings = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(served.0)
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new("local", "local", None, None, "local"));
        Ok(Opened { app: app(settings, served.1, variables).await?, stack: None })
    }
}

/// The data of a stack that does not run; it is not made if it is not there.
async fn open_data(data: &Path) -> Result<Stack, StackError> {
    if !data.join("table.sqlite").exists() {
        return Err(DirectoryError::Unusable(data.to_owned(), ErrorKind::NotFound.into()).into());
    }
    Stack::start(Options { data: Data::Directory(data.to_owned()), ..Options::default() }).await
}

async fn app(
    settings: ConfigLoader,
    table: String,
    mut variables: HashMap<String, String>,
) -> Result<App, Box<dyn Error>> {
    let settings = sdk_settings(settings).load().await;
    variables.insert("TABLE_NAME".to_owned(), table);
    Ok(App::new(Parts {
        config: Config::from_variables(&variables)?,
        dynamodb: aws_sdk_dynamodb::Client::new(&settings),
        sqs: aws_sdk_sqs::Client::new(&settings),
        secrets: None,
        ses: None,
        clock: Clock::System,
        ids: Ids::Random,
        card_transport: None,
        function: "command".to_owned(),
        meter: Meter::off(),
        tracer: Tracer::off(),
    }))
}
