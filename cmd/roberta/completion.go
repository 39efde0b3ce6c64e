package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd is `roberta completion`.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help is shown by kong below the summary.
func (completionCmd) Help() string {
	return "Writes a script for the shell:\n\n" +
		"bash: source <(roberta completion bash)\n\n" +
		"zsh: roberta completion zsh > _roberta, in a directory of $fpath\n\n" +
		"fish: roberta completion fish > ~/.config/fish/completions/roberta.fish"
}

// Run is called by kong.
func (c *completionCmd) Run(k *kong.Kong) error {
	write := map[string]func(io.Writer, *kong.Node){"bash": writeBash, "zsh": writeZsh, "fish": writeFish}
	var script bytes.Buffer
	write[c.Shell](&script, k.Model.Node)
	_, err := script.WriteTo(k.Stdout)
	return err
}

// flagsOf lists the flags that a command takes.
func flagsOf(command *kong.Node) (flags []*kong.Flag) {
	for _, group := range command.AllFlags(true) {
		flags = append(flags, group...)
	}
	return flags
}

// spellings are the ways to write a flag.
func spellings(f *kong.Flag) []string {
	names := []string{"--" + f.Name}
	for _, a := range f.Aliases {
		names = append(names, "--"+a)
	}
	if f.Short != 0 {
		names = append(names, "-"+string(f.Short))
	}
	return names
}

// choices are what may follow a flag or stand for an argument: the values of an
// enumeration, or the names of commands for help.
func choices(root, command *kong.Node, v *kong.Value) string {
	if v.Enum != "" {
		return strings.ReplaceAll(v.Enum, ",", " ")
	}
	if command.Name == "help" {
		return names(root)
	}
	return ""
}

// names lists the commands.
func names(root *kong.Node) string {
	var all []string
	for _, c := range root.Children {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

// quote quotes a text for any of the shells.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func writeBash(w io.Writer, root *kong.Node) {
	fmt.Fprint(w, "# bash completion for roberta\n_roberta() {\n"+
		"    local cur=${COMP_WORDS[COMP_CWORD]} words= flags=\n"+
		"    COMPREPLY=()\n"+
		"    if ((COMP_CWORD == 1)); then\n"+
		"        COMPREPLY=($(compgen -W "+quote(names(root)+" --help --version")+" -- \"$cur\"))\n"+
		"        return\n"+
		"    fi\n"+
		"    case ${COMP_WORDS[1]} in\n")
	for _, c := range root.Children {
		var all []string
		for _, f := range flagsOf(c) {
			all = append(all, spellings(f)...)
		}
		fmt.Fprintf(w, "    %s)\n        flags=%s\n", c.Name, quote(strings.Join(all, " ")))
		for _, p := range c.Positional {
			if words := choices(root, c, p); words != "" {
				fmt.Fprintf(w, "        words=%s\n", quote(words))
			}
		}
		for _, f := range flagsOf(c) {
			if f.Enum != "" {
				fmt.Fprintf(w, "        [[ ${COMP_WORDS[COMP_CWORD-1]} == --%s ]] && words=%s\n", f.Name, quote(choices(root, c, f.Value)))
			}
		}
		fmt.Fprint(w, "        ;;\n")
	}
	fmt.Fprint(w, "    esac\n"+
		"    if [[ $cur == -* ]]; then\n"+
		"        COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n"+
		"    elif [[ -n $words ]]; then\n"+
		"        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"+
		"    else\n"+
		"        compopt -o filenames 2>/dev/null\n"+
		"        COMPREPLY=($(compgen -f -- \"$cur\"))\n"+
		"    fi\n}\ncomplete -F _roberta roberta\n")
}

func writeZsh(w io.Writer, root *kong.Node) {
	help := strings.NewReplacer("[", "(", "]", ")").Replace // a bracket ends a description
	fmt.Fprint(w, "#compdef roberta\n_roberta() {\n    if ((CURRENT == 2)); then\n        local -a commands=(\n")
	for _, c := range root.Children {
		fmt.Fprintf(w, "            %s\n", quote(c.Name+":"+help(c.Help)))
	}
	fmt.Fprint(w, "        )\n        _describe command commands\n        return\n    fi\n"+
		"    local command=$words[2]\n    shift words\n    ((CURRENT--))\n    case $command in\n")
	for _, c := range root.Children {
		fmt.Fprintf(w, "    %s)\n        _arguments -S", c.Name)
		for _, f := range flagsOf(c) {
			for _, name := range spellings(f) {
				spec := name + "[" + help(f.Help) + "]"
				if !f.IsBool() {
					spec += ":" + f.Name + ":" + zshAction(choices(root, c, f.Value))
				}
				fmt.Fprintf(w, " \\\n            %s", quote("*"+spec))
			}
		}
		for _, p := range c.Positional {
			fmt.Fprintf(w, " \\\n            %s", quote("*:"+p.Name+":"+zshAction(choices(root, c, p))))
			break
		}
		fmt.Fprint(w, "\n        ;;\n")
	}
	fmt.Fprint(w, "    esac\n}\n"+
		"if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n    _roberta \"$@\"\nelse\n    compdef _roberta roberta\nfi\n")
}

// zshAction is what completes a value: one of words, or a file.
func zshAction(words string) string {
	if words == "" {
		return "_files"
	}
	return "(" + words + ")"
}

func writeFish(w io.Writer, root *kong.Node) {
	fmt.Fprint(w, "# fish completion for roberta\ncomplete -c roberta -n __fish_use_subcommand -f -l help -d 'Show help.'\n"+
		"complete -c roberta -n __fish_use_subcommand -f -l version -d 'Show the version.'\n")
	for _, c := range root.Children {
		fmt.Fprintf(w, "complete -c roberta -n __fish_use_subcommand -f -a %s -d %s\n", c.Name, quote(c.Help))
		in := "complete -c roberta -n '__fish_seen_subcommand_from " + c.Name + "'"
		for _, f := range flagsOf(c) {
			fmt.Fprint(w, in)
			for _, name := range append([]string{f.Name}, f.Aliases...) {
				fmt.Fprint(w, " -l ", name)
			}
			if f.Short != 0 {
				fmt.Fprintf(w, " -s %c", f.Short)
			}
			if words := choices(root, c, f.Value); words != "" {
				fmt.Fprint(w, " -x -a ", quote(words))
			} else if !f.IsBool() {
				fmt.Fprint(w, " -r")
			}
			fmt.Fprintf(w, " -d %s\n", quote(f.Help))
		}
		for _, p := range c.Positional {
			if words := choices(root, c, p); words != "" {
				fmt.Fprintf(w, "%s -f -a %s\n", in, quote(words))
			}
		}
	}
}
