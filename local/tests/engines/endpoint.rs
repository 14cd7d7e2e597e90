//! AWS's DynamoDB Local on a port: one connection, one request after the other.
//!
//! The engine in this process answers without waiting, so what stands beside it must, too: hence no asynchronous
//! client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use local::aws::cloudformation::REGION;
use serde_json::Value;

/// The variable that names it: `http://127.0.0.1:PORT`.
pub const VARIABLE: &str = "ONSALE_DYNAMODB_LOCAL";

/// A database of its own: DynamoDB Local keeps one for each access key and region.
pub struct Endpoint {
    address: String,
    access_key: String,
    connection: BufReader<TcpStream>,
}

impl Endpoint {
    /// The address that the environment names, if it does.
    pub fn address() -> Option<String> {
        std::env::var(VARIABLE).ok().filter(|address| !address.is_empty())
    }

    /// Connects; `access_key` has letters and digits only.
    pub fn connect(address: &str, access_key: &str) -> Self {
        let host = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let stream = TcpStream::connect(&host).unwrap_or_else(|problem| panic!("{VARIABLE}={address}: {problem}"));
        stream.set_nodelay(true).expect("a socket");
        Self { address: host, access_key: access_key.to_owned(), connection: BufReader::new(stream) }
    }

    /// Status and body of the answer to one operation.
    pub fn execute(&mut self, operation: &str, body: &[u8]) -> (u16, String) {
        // A connection that was idle for long is closed by the other side.
        self.attempt(operation, body).unwrap_or_else(|first| {
            let again = Self::connect(&self.address, &self.access_key);
            self.connection = again.connection;
            assert!(first.kind() != std::io::ErrorKind::InvalidData, "{operation}: {first}");
            self.attempt(operation, body).unwrap_or_else(|problem| panic!("{operation}: {problem}"))
        })
    }

    fn attempt(&mut self, operation: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
        // It looks at the key and the region of a signature, and never whether it is right.
        let mut request = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-amz-json-1.0\r\n\
             x-amz-target: DynamoDB_20120810.{operation}\r\ncontent-length: {}\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential={}/20260101/{REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n",
            self.address,
            body.len(),
            self.access_key
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.connection.get_mut().write_all(&request)?;
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::UnexpectedEof))?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
        }
        let body = if chunked { self.chunks()? } else { self.bytes(length)? };
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.connection.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn bytes(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.connection.read_exact(&mut body)?;
        Ok(body)
    }

    fn chunks(&mut self) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).map_err(std::io::Error::other)?;
            body.extend(self.bytes(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    /// Every item of a table.
    pub fn scan(&mut self, table: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut request = serde_json::json!({ "TableName": table });
        loop {
            let (status, body) = self.execute("Scan", request.to_string().as_bytes());
            assert_eq!(status, 200, "{body}");
            let mut page: Value = serde_json::from_str(&body).expect("JSON");
            items.append(page["Items"].as_array_mut().expect("items"));
            match page["LastEvaluatedKey"].take() {
                Value::Null => return items,
                last => request["ExclusiveStartKey"] = last,
            }
        }
    }
}
