//! Runs a test cluster: see [`testcluster::serve`].

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    testcluster::serve::run(std::env::args().skip(1)).await
}
