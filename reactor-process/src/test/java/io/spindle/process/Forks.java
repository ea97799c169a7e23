// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.Reply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Programs that the tests of {@link Fork} run in JVMs of their own. */
final class Forks {

    private Forks() {}

    /** Does nothing. */
    static final class Empty {
        private Empty() {}

        public static void main(String[] args) {}
    }

    /** Sends back what it gets, until its parent disconnects. */
    static final class Echo {
        private Echo() {}

        public static void main(String[] args) {
            Channel.parent()
                    .flatMapMany(parent -> parent.receive(String.class).concatMap(parent::send))
                    .subscribe();
        }
    }

    /** Sends one message back and disconnects. */
    static final class Once {
        private Once() {}

        public static void main(String[] args) {
            Channel.parent()
                    .flatMap(parent -> parent.receive(String.class)
                            .next()
                            .flatMap(parent::send)
                            .then(parent.disconnect()))
                    .subscribe();
        }
    }

    /** Listens when it is told to, and answers with the three messages that come first. */
    static final class LateListener {
        private LateListener() {}

        public static void main(String[] args) {
            Channel.parent().subscribe(parent -> {
                parent.onRequest("running", question -> Mono.empty());
                parent.onRequest(
                        "listen",
                        question -> parent.receive(Integer.class)
                                .take(3)
                                .collectList()
                                .map(Reply::of));
            });
        }
    }

    /**
     * When it hears something, sends three messages and makes the file that is its argument. It goes on listening: else the
     * channel would not keep it alive so long.
     */
    static final class Burst {
        private Burst() {}

        public static void main(String[] args) {
            Channel.parent()
                    .flatMapMany(parent -> parent.receive(String.class)
                            .concatMap(heard -> Flux.range(1, 3)
                                    .concatMap(parent::send)
                                    .then(Mono.fromCallable(() -> Files.createFile(Path.of(args[0])))
                                            .subscribeOn(Schedulers.boundedElastic()))))
                    .subscribe();
        }
    }

    /** Sends a short message and exits at once. */
    static final class Hasty {
        private Hasty() {}

        public static void main(String[] args) {
            Channel parent = Objects.requireNonNull(Channel.parent().block());
            parent.send("short").block();
            System.exit(3);
        }
    }

    /** Answers questions about itself, and asks back. */
    static final class Oracle {
        private Oracle() {}

        public static void main(String[] args) {
            Channel.parent().subscribe(parent -> {
                parent.onRequest("args", question -> Mono.just(Reply.of(List.of(args))));
                parent.onRequest("property", question -> answer(System.getProperty(question.as(String.class))));
                parent.onRequest("variable", question -> answer(System.getenv(question.as(String.class))));
                parent.onRequest(
                        "grandchild",
                        question -> Command.shell(question.as(String.class))
                                .exec()
                                .map(result -> Reply.of(result.stdout().strip())));
                parent.onRequest(
                        "relay",
                        question -> parent.request("name", question.as(String.class))
                                .map(name -> Reply.of("I am " + name.as(String.class))));
            });
        }

        private static Mono<Reply> answer(String text) {
            return Mono.justOrEmpty(text).map(Reply::of);
        }
    }

    /** Asks at once, and tells on stdout that it is connected, and the answer. */
    static final class Asker {
        private Asker() {}

        public static void main(String[] args) {
            Channel.parent().subscribe(parent -> {
                System.out.println("connected");
                parent.request("name", "8")
                        .map(name -> name.as(String.class))
                        .onErrorResume(error -> Mono.just(String.valueOf(error.getMessage())))
                        .subscribe(System.out::println);
            });
        }
    }

    /** Sends numbers for as long as they are asked for. */
    static final class Counter {
        private Counter() {}

        public static void main(String[] args) {
            Channel.parent()
                    .flatMapMany(parent -> {
                        int[] sent = {0};
                        parent.onRequest("sent", question -> Mono.just(Reply.of(sent[0])));
                        return Flux.range(1, Integer.MAX_VALUE)
                                .concatMap(number -> parent.send(number).doOnSuccess(done -> sent[0] = number));
                    })
                    .subscribe(null, error -> {});
        }
    }

    /** Writes a line to each descriptor that it gets. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) {
            Channel.parent()
                    .flatMapMany(Channel::receive)
                    .publishOn(Schedulers.boundedElastic())
                    .subscribe(Writer::write);
        }

        private static void write(Message message) {
            FileDescriptor descriptor = message.takeDescriptor().orElseThrow();
            byte[] line = ("hello " + message.as(String.class) + "\n").getBytes(StandardCharsets.UTF_8);
            ByteBuffer bytes = ByteBuffer.allocateDirect(line.length).put(line);
            try {
                descriptor.write(bytes, 0, line.length);
                descriptor.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Node's case of a fork that sends 1, later 2, and listens for the end of the channel only. */
    static final class Listener {
        private Listener() {}

        public static void main(String[] args) {
            Channel parent = Objects.requireNonNull(Channel.parent().block());
            parent.onDispose().subscribe(null, null, () -> System.out.println("3"));
            parent.send(1)
                    .then(Mono.delay(Duration.ofMillis(200)))
                    .then(parent.send(2))
                    .subscribe();
        }
    }

    /** Disconnects, and only then begins to listen. */
    static final class Leaver {
        private Leaver() {}

        public static void main(String[] args) {
            Channel parent = Objects.requireNonNull(Channel.parent().block());
            parent.disconnect().block();
            parent.receive().subscribe();
            parent.onRequest("anything", question -> Mono.empty());
        }
    }

    /** Listens, and fails. */
    static final class Failing {
        private Failing() {}

        public static void main(String[] args) {
            Channel.parent().flatMapMany(Channel::receive).subscribe();
            throw new IllegalStateException("on purpose");
        }
    }

    /** Sends one long message at its end, and waits for it only. */
    static final class LastWords {
        private LastWords() {}

        public static void main(String[] args) {
            Channel.parent()
                    .flatMap(parent -> parent.send("x".repeat(3_000_000)))
                    .subscribe();
        }
    }

    /** A parent that forks one of these and tells who it is, then waits to be killed. */
    static final class Parent {
        private Parent() {}

        public static void main(String[] args) throws ClassNotFoundException {
            ForkedProcess child = Fork.of(Class.forName(args[0]))
                    .options(command -> command.detached(true)) // else the end of our pipes were not the only sign
                    .spawn()
                    .block();
            assert child != null;
            if (args[0].equals(Survivor.class.getName())) {
                child.channel().receive().blockFirst(); // it watches now
            }
            System.out.println("forked " + child.pid());
            child.exit().block();
        }
    }

    /** The same for a program, which might outlive its parent. */
    static final class ParentOfAProgram {
        private ParentOfAProgram() {}

        public static void main(String[] args) {
            Command program = Command.of(
                    System.getProperty("java.home") + "/bin/java",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Survivor.class.getName());
            ForkedProcess child = Fork.of(program.stdout(Output.discard()).stderr(Output.discard()))
                    .spawn()
                    .block();
            assert child != null;
            child.channel().receive().blockFirst(); // it watches now
            System.out.println("forked " + child.pid());
            child.exit().block();
        }
    }

    /** Outlives its parent, because it watches the end of the channel itself; says so when no orphan would live any more. */
    static final class Survivor {
        static final String SAYS_SO = "SPINDLE_TEST_OUTLIVED";
        private static final Duration LONGER_THAN_AN_ORPHAN = Duration.ofSeconds(4);

        private Survivor() {}

        public static void main(String[] args) throws InterruptedException, IOException {
            Channel parent = Channel.parent().block();
            assert parent != null;
            Mono<Void> end = parent.onDispose().cache();
            end.subscribe();
            parent.send("watching").block();
            end.then(Mono.delay(LONGER_THAN_AN_ORPHAN)).block();
            Files.createFile(Path.of(System.getenv(SAYS_SO)));
            Thread.currentThread().join();
        }
    }
}
