// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The command {@code spindle}: how a running cluster is, and what to do with it.
 *
 * <p>It exits with 0 if that was done, with 1 and one line on the standard error if it could not be or no primary is there, and
 * with 2 and one line on wrong arguments.
 *
 * @since 0.1.0
 */
@Command(
        name = "spindle",
        description = "Asks a running cluster how it is and what it prints, reloads, scales and stops it.",
        mixinStandardHelpOptions = true,
        version = "Spindle, not released yet",
        synopsisSubcommandLabel = "COMMAND")
public final class Main {

    private static final int FAILED = 1;
    private static final int USAGE = 2;

    /** What is answered at once by a primary that is well. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Spec
    private @Nullable CommandSpec spec;

    private Main() {}

    /**
     * Runs one command and exits.
     *
     * @param args a command and its arguments
     */
    public static void main(String[] args) {
        CommandLine line = commandLine();
        int code = line.execute(args);
        if (line.getOut().checkError()) { // a full disk, or a reader that has gone
            line.getErr().println("spindle: the output could not be written");
            code = code == 0 ? FAILED : code;
        }
        System.exit(code);
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setParameterExceptionHandler(Main::wrongArguments)
                .setExecutionExceptionHandler(Main::failed);
    }

    private static int wrongArguments(ParameterException error, String[] args) {
        CommandLine command = error.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + firstLine(error) + " (see " + name + " --help)");
        return USAGE;
    }

    private static int failed(Exception error, CommandLine command, CommandLine.ParseResult parsed) {
        command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + firstLine(error));
        return FAILED;
    }

    private static String firstLine(Exception error) {
        String message = error.getMessage() == null ? error.toString() : error.getMessage();
        return Answer.plain(message.lines().findFirst().orElse(""));
    }

    @Command(
            name = "status",
            description = "Shows the cluster and its workers. Their figures are those of their last heartbeats.",
            mixinStandardHelpOptions = true)
    int status(
            @Mixin Target target,
            @Option(names = "--json", description = "One line of JSON, for programs") boolean json)
            throws IOException {
        Answer answer = target.ask("status", PATIENCE);
        print(json ? Answer.plain(answer.status().toString()) : StatusTable.of(answer.status()));
        return 0;
    }

    @Command(
            name = "top",
            description = {
                "Shows what the workers do, again and again, until the cluster ends.",
                "CPU and REQ/S are those since the last look, at first since the start of the worker; DELAY is how long a task "
                        + "waits on the slowest of its server loops."
            },
            mixinStandardHelpOptions = true)
    int top(
            @Mixin Target target,
            @Option(
                            names = "--interval",
                            paramLabel = "SECONDS",
                            defaultValue = "1",
                            description = "The time between two looks, at least 1. Default: ${DEFAULT-VALUE}")
                    int seconds,
            @Option(names = "--once", description = "Looks once") boolean once)
            throws IOException {
        check("top", "SECONDS", seconds, 1);
        Path socket = target.socket();
        new Top(() -> Answer.of(ControlClient.ask(socket, "top", PATIENCE)).status(), line().getOut(), Top.isTerminal())
                .run(Duration.ofSeconds(seconds), once);
        return 0;
    }

    @Command(
            name = "meters",
            description = {
                "Shows the meters of all workers, added up, as a page in Prometheus' text format.",
                "Workers publish theirs by ClusterMeters.publish; an application of Spring Boot does so by itself."
            },
            mixinStandardHelpOptions = true)
    int meters(
            @Mixin Target target,
            @Option(names = "--json", description = "One line of JSON, for programs") boolean json)
            throws IOException {
        Answer answer = target.ask(json ? "meters" : "meters prometheus", PATIENCE);
        if (json) {
            print(Answer.plain(answer.json().path("meters").toString()));
        } else {
            answer.json().path("page").asString("").lines().map(Answer::plain).forEach(this::print);
        }
        return 0;
    }

    @Command(
            name = "logs",
            description = {
                "Shows what the workers have printed, and what has happened to them.",
                "The primary sees what is printed if the program lets it pass through, by WorkerSettings.stdout(Output.pipe())."
            },
            mixinStandardHelpOptions = true)
    int logs(
            @Mixin Target target,
            @Option(
                            names = {"-f", "--follow"},
                            description = "Goes on with what comes, until the cluster ends")
                    boolean follow,
            @Option(
                            names = "--lines",
                            paramLabel = "N",
                            defaultValue = "100",
                            description =
                                    "How many of the last lines, 2000 are kept at most. Default: ${DEFAULT-VALUE}")
                    int lines,
            @Option(names = "--worker", paramLabel = "ID", description = "Those of this worker alone") @Nullable
                    Integer worker,
            @Option(names = "--json", description = "Lines of JSON, for programs") boolean json)
            throws IOException {
        check("logs", "N", lines, 0);
        check("logs", "ID", worker == null ? 1 : worker, 1);
        String request = "logs " + lines + (worker == null ? "" : " worker " + worker) + (follow ? " follow" : "");
        target.read(request, PATIENCE, new LogPrinter(line().getOut(), line().getErr(), json));
        return 0;
    }

    @Command(
            name = "reload",
            description = {
                "Replaces all workers by new ones and waits for the end of that.",
                "If a new one fails the old ones serve on; the reason is told, and the exit code is 1."
            },
            mixinStandardHelpOptions = true)
    int reload(@Mixin Target target) throws IOException {
        target.ask("reload", Duration.ZERO);
        print("all workers are new");
        return 0;
    }

    @Command(
            name = "scale",
            description = "Changes the number of workers and waits until it is so.",
            mixinStandardHelpOptions = true)
    int scale(
            @Mixin Target target,
            @Parameters(paramLabel = "N", description = "How many workers there are to be, at least 1") int count)
            throws IOException {
        check("scale", "N", count, 1);
        target.ask("scale " + count, Duration.ZERO);
        print("workers: " + count);
        return 0;
    }

    @Command(
            name = "stop",
            description = "Lets the workers finish what runs, ends the cluster and waits for that.",
            mixinStandardHelpOptions = true)
    int stop(@Mixin Target target) throws IOException {
        target.ask("stop", Duration.ZERO);
        print("the cluster has ended");
        return 0;
    }

    private void check(String command, String name, int value, int least) {
        if (value < least) {
            throw new ParameterException(
                    line().getSubcommands().get(command), name + " must be at least " + least + ", was " + value);
        }
    }

    private void print(String text) {
        line().getOut().println(text);
    }

    private CommandLine line() {
        assert spec != null : "set by picocli";
        return spec.commandLine();
    }
}
