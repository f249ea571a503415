import type { ShellName } from '../options/commands/setup.ts';

/*
 * The scripts ask `ec2-image __complete` what can stand at the cursor, and quote what they get by the shell's own rules.
 * Nothing that they get is ever evaluated. The answer's first line is `file`, `directory` or `-`; each of the others is a
 * candidate, for zsh and fish with a tab and a description behind it.
 */

const bash = `# Completion of ec2-image for bash. Load it with
#   source <(ec2-image completion bash)
# or save it as ~/.local/share/bash-completion/completions/ec2-image
_ec2_image() {
  local lines
  mapfile -t lines < <(ec2-image __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
  COMPREPLY=("\${lines[@]:1}")
  case \${lines[0]} in
    file) compopt -o default ;;
    directory) compopt -o dirnames ;;
  esac
}
complete -F _ec2_image ec2-image
`;

const zsh = `#compdef ec2-image
# Completion of ec2-image for zsh. Load it after compinit with
#   source <(ec2-image completion zsh)
# or save it as _ec2-image in a directory of $fpath
_ec2-image() {
  local -a lines values shown
  local line
  lines=("\${(@f)$(ec2-image __complete zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}")
  case $lines[1] in
    file) compset -P '--*='; _files; return ;;
    directory) compset -P '--*='; _files -/; return ;;
  esac
  for line in "\${(@)lines[2,-1]}"; do
    [[ -n $line ]] || continue
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/  -- }")
  done
  (( $#values )) && compadd -l -d shown -- "\${values[@]}"
}
if [[ $funcstack[1] == _ec2-image ]]; then
  _ec2-image
else
  compdef _ec2-image ec2-image
fi
`;

const fish = `# Completion of ec2-image for fish. Load it with
#   ec2-image completion fish | source
# or save it as ~/.config/fish/completions/ec2-image.fish
function __ec2_image_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l lines (ec2-image __complete fish $words[2..-1] $token 2>/dev/null </dev/null)
    set -l prefix (string match -r -- '^--[^=]+=' $token)
    set -l rest (string replace -r -- '^--[^=]+=' '' $token)
    switch "$lines[1]"
        case file
            # That function wants the name itself. A quote may still be open.
            set -l name (string unescape -- $rest; or string replace -r '^[\\'"]' '' -- $rest)
            for path in (__fish_complete_path "$name")
                echo "$prefix$path"
            end
        case directory
            for path in (__fish_complete_directories "$rest" '')
                echo "$prefix$path"
            end
        case '*'
            if set -q lines[2]
                printf '%s\\n' $lines[2..-1]
            end
    end
end
complete -c ec2-image -f -k -a '(__ec2_image_complete)'
`;

/** What `ec2-image completion SHELL` prints. */
export const completionScripts: Readonly<Record<ShellName, string>> = { bash, zsh, fish };
