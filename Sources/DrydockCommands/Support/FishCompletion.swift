/// What makes the parser's completions for fish fast. It has a condition for each command and option, near a thousand, and
/// each reads the whole line: one TAB took more than a second. Appended, this reads the line once, and rejects all that
/// is of another command by a comparison.
enum FishCompletion {
  /// Functions of the parser's script that take the place of, or are called by, those here.
  static let functions = [
    "__drydock_should_offer_completions_for_flags_or_options",
    "__drydock_should_offer_completions_for_positional", "__drydock_parse_tokens",
  ]

  /// The script for a shell as the parser gives it; where it is fish's, with what makes it fast behind it.
  static func amended(_ script: String) -> String {
    functions.allSatisfy { script.contains("\nfunction \($0) ") || script.hasPrefix("function \($0) ") }
      ? script + "\n" + addition : script
  }

  private static let addition = #"""

    # Reads the line once, and not for each completion.
    functions -e __drydock_offers_flags_or_options
    functions -c __drydock_should_offer_completions_for_flags_or_options __drydock_offers_flags_or_options

    function __drydock_read_line
        set -l line (commandline -pc)
        test "$line" = "$__drydock_line"; and return
        set -l non_repeating_flags_or_options
        set -l non_repeating_flags_or_options_absent 0
        set -l positional_index 0
        set -l commands
        __drydock_parse_tokens
        set -g __drydock_line "$line"
        set -g __drydock_line_commands "$commands"
        set -g __drydock_line_position $positional_index
    end

    function __drydock_should_offer_completions_for_flags_or_options -a expected_commands
        __drydock_read_line
        test "$__drydock_line_commands" = "$expected_commands"; or return 1
        __drydock_offers_flags_or_options $argv
    end

    function __drydock_should_offer_completions_for_positional -a expected_commands comparison position
        __drydock_read_line
        test "$__drydock_line_commands" = "$expected_commands"; or return 1
        test "$__drydock_line_position" "$comparison" "$position"
    end
    """#
}
