/// Versions as AWS alone spells them, of which there is no image: `5.7.44-RDS.20240408` is a build of RDS's own with fixes
/// behind the last release, and ElastiCache's `6.x` was the newest of its series.
///
/// Sources: docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/extended-support.html and
/// docs.aws.amazon.com/AmazonElastiCache/latest/dg/supported-engine-versions.html
package enum AWSVersion {
  /// The numbers of such a version, by which the nearest image is called; nil for one that is spelled as everywhere.
  package static func numbers(of version: String) -> String? {
    guard let match = version.wholeMatch(of: /(\d+(?:\.\d+)*)(?:\.[xX]|-[rR][dD][sS]\b.*|-R\d+)/) else {
      return nil
    }
    return String(match.1)
  }
}
