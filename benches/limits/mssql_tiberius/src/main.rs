//! `mssql_tiberius HOST PORT USER PASSWORD DATABASE SQL`: reads a query's rows with tiberius, touches every cell and drops
//! the row. What a client pays that stands on tiberius and adds nothing.

use std::error::Error;
use std::hint::black_box;
use std::pin::Pin;
use std::time::Instant;

use futures_core::Stream as _;
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel, QueryItem};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt as _;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The bytes of a value that lies elsewhere, or the value itself.
fn touch(cell: &ColumnData<'_>) -> usize {
    match cell {
        ColumnData::String(Some(text)) => text.len(),
        ColumnData::Binary(Some(bytes)) => bytes.len(),
        cell => {
            black_box(cell);
            0
        }
    }
}

/// Seconds of the CPU for this process, all threads and the kernel's work for it (proc_pid_stat(5)).
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    const TICKS_PER_SECOND: f64 = 100.0; // USER_HZ on every Linux
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

async fn read(host: &str, port: u16, login: [&str; 3], sql: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let [user, password, database] = login;
    let mut config = Config::new();
    config.host(host);
    config.port(port);
    config.authentication(AuthMethod::sql_server(user, password));
    config.database(database);
    config.encryption(EncryptionLevel::NotSupported);
    let socket = TcpStream::connect(config.get_addr()).await?;
    socket.set_nodelay(true)?;
    let mut client = Client::connect(config, socket.compat_write()).await?;
    let (mut rows, mut bytes) = (0, 0);
    {
        let mut stream = client.simple_query(sql).await?;
        while let Some(item) = std::future::poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
            if let QueryItem::Row(row) = item? {
                rows += 1;
                bytes += row.cells().map(|(_, cell)| touch(cell)).sum::<usize>();
            }
        }
    }
    client.close().await?;
    Ok((rows, black_box(bytes)))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, user, password, database, sql] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return Err("usage: mssql_tiberius HOST PORT USER PASSWORD DATABASE SQL".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (start, cpu) = (Instant::now(), cpu_seconds()?);
    let (rows, bytes) = runtime.block_on(read(host, port.parse()?, [user, password, database], sql))?;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    println!("{{\"seconds\": {seconds:.9}, \"cpu_seconds\": {cpu:.2}, \"rows\": {rows}, \"text_bytes\": {bytes}}}");
    Ok(())
}
