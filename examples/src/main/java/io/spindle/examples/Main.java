// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line of the examples; without a subcommand it runs the tour. */
@Command(
        name = "spindle-examples",
        description = "Node's five programs on Spindle, and three more. Without a command: the tour of the five.",
        mixinStandardHelpOptions = true,
        version = "Spindle examples, not released yet",
        subcommands = {
            ReadFile.class,
            WorkerFibonacci.class,
            ExecLs.class,
            ThreadPool.class,
            ClusterHello.class,
            GitLog.class,
            ParallelChecksum.class,
            ProcessPool.class,
            Tour.class
        })
public final class Main implements Callable<Integer> {

    private static final int USAGE = 2;

    private Main() {}

    /**
     * Runs a command and exits with its code: 0 if all went well, 2 on wrong arguments.
     *
     * @param args a command and its arguments
     */
    public static void main(String[] args) {
        int code = commandLine().execute(args);
        if (System.out.checkError()) { // a full disk, or a reader that has gone
            System.err.println("spindle-examples: the output could not be written");
            code = code == 0 ? 1 : code;
        }
        System.exit(code);
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main()).setExpandAtFiles(false);
        Objects.requireNonNull(line.getSubcommands().get("exec-ls"))
                .setUnmatchedOptionsArePositionalParams(true)
                .setEndOfOptionsDelimiter("");
        return line.setParameterExceptionHandler(Main::wrongArguments).setExecutionExceptionHandler(Main::failed);
    }

    private static int wrongArguments(CommandLine.ParameterException error, String[] args) {
        String name = error.getCommandLine().getCommandSpec().qualifiedName();
        System.err.println(name + ": " + firstLine(String.valueOf(error.getMessage())) + " (see " + name + " --help)");
        return USAGE;
    }

    private static int failed(Exception error, CommandLine command, CommandLine.ParseResult parsed) {
        System.err.println(
                command.getCommandSpec().qualifiedName() + ": " + firstLine(String.valueOf(error.getMessage())));
        return 1;
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }

    @Override
    public Integer call() throws Exception {
        return new Tour().call();
    }
}
