// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.spindle.loop.EventLoop;
import io.spindle.process.ExecException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SignalType;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import tools.jackson.databind.json.JsonMapper;

/**
 * A repository's history over HTTP. Demand goes from the client's socket to git's pipe: while a client does not read, git
 * waits, and no more than a few hundred commits are held here, however long the history is.
 */
@Command(
        name = "git-log",
        description = "Serves a repository's history over HTTP, a JSON object a line, until Ctrl-C.",
        mixinStandardHelpOptions = true)
final class GitLog implements Callable<Integer> {

    private static final int MAX_PORT = 65_535;
    private static final int WRONG_ARGUMENTS = 2;
    private static final String HOST = "127.0.0.1";
    private static final String SEPARATOR = "\0";
    private static final JsonMapper JSON = JsonMapper.shared();

    /** A line of the response. */
    record Commit(String hash, String author, String date, String subject) {

        static final String FORMAT = "--format=%H%x00%an%x00%aI%x00%s";

        static Commit of(String line) {
            String[] fields = line.split(SEPARATOR, 4);
            return new Commit(fields[0], fields[1], fields[2], fields[3]);
        }
    }

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "DIR",
            description = "A directory of the repository. Default: the current one.")
    private Path directory = Path.of("");

    @Option(
            names = "--port",
            defaultValue = "0",
            description = "The port, 0 for any that is free. Default: ${DEFAULT-VALUE}")
    private int port;

    @Option(names = "--once", description = "End after the first response.")
    private boolean once;

    private @Nullable DisposableServer server;

    @Override
    public Integer call() {
        check(port >= 0 && port <= MAX_PORT, "--port must be from 0 to 65535, was " + port);
        check(Files.isDirectory(directory.toAbsolutePath()), "DIR must be a directory, was '" + directory + "'");
        return EventLoop.run(loop -> log("-1").exec().subscribe(newest -> serve(loop), error -> failed(loop, error)));
    }

    private void check(boolean valid, String message) {
        if (!valid && spec != null) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private io.spindle.process.Command log(String... options) {
        return io.spindle.process.Command.of("git", "-c", "log.showSignature=false", "log", "--encoding=UTF-8")
                .args(Commit.FORMAT)
                .args(options)
                .directory(directory.toAbsolutePath());
    }

    private void serve(EventLoop loop) {
        HttpServer.create()
                .runOn(loop.resources())
                .host(HOST)
                .port(port)
                .route(routes -> routes.get("/", this::respond))
                .bind()
                .subscribe(bound -> listening(bound), error -> failed(loop, error));
    }

    private void listening(DisposableServer bound) {
        server = bound;
        System.out.println("http://" + HOST + ":" + bound.port() + "/");
    }

    private Publisher<Void> respond(HttpServerRequest request, HttpServerResponse response) {
        AtomicLong sent = new AtomicLong();
        Flux<String> lines = log().lines()
                .map(line -> JSON.writeValueAsString(Commit.of(line)) + "\n")
                .doOnNext(line -> sent.incrementAndGet())
                .doOnError(error -> complain(error))
                .doFinally(end -> responded(end, sent.get()));
        return response.keepAlive(!once)
                .header(HttpHeaderNames.CONTENT_TYPE, "application/x-ndjson")
                .sendString(lines);
    }

    private void responded(SignalType end, long commits) {
        if (end != SignalType.ON_ERROR) {
            System.out.println(
                    end == SignalType.ON_COMPLETE
                            ? "sent " + commits + " commits"
                            : "the client left after " + commits + " commits");
        }
        if (once && server != null) {
            server.dispose();
        }
    }

    private static void failed(EventLoop loop, Throwable error) {
        complain(error);
        loop.exit(error instanceof ExecException ? WRONG_ARGUMENTS : 1);
    }

    /** What git says is clearer than that it failed. */
    private static void complain(Throwable error) {
        String message = error instanceof ExecException exec ? exec.stderr() : String.valueOf(error.getMessage());
        System.err.println("git-log: " + message.lines().findFirst().orElse(error.toString()));
    }
}
