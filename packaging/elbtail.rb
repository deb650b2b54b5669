# Homebrew formula. `.ci/dist` writes a copy with the checksum of the release's source into dist/.
class Elbtail < Formula
  desc "Every log line of an ElasticBLAST job on Kubernetes"
  homepage "@REPOSITORY@"
  url "@REPOSITORY@/releases/download/v@VERSION@/elbtail-@VERSION@.tar.gz"
  sha256 "@SHA256@"
  license any_of: ["Apache-2.0", "MIT"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    bin.install_symlink bin/"elbtail" => "kubectl-elbtail"
    bin.install "packaging/kubectl_complete-elbtail"
    bash_completion.install "completions/elbtail.bash" => "elbtail"
    zsh_completion.install "completions/_elbtail"
    fish_completion.install "completions/elbtail.fish"
    system "cargo", "run", "--release", "--locked", "--example", "man", "--", man1
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/elbtail --version")
    (testpath/"row.json").write('{"job_id": "a", "elb_job_id": "job-429825360482416da20736cf3ed51a95"}')
    assert_equal "job-429825360482416da20736cf3ed51a95\n", shell_output("#{bin}/elbtail resolve -o name row.json")
  end
end
