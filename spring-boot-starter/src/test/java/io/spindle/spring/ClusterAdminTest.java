// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.cluster.Primary;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class ClusterAdminTest {

    private static final int WANTED = 2;

    private final List<Sinks.Empty<Void>> reloads = new ArrayList<>();
    private final ClusterAdmin admin = new ClusterAdmin();

    private final Primary primary = (Primary) Proxy.newProxyInstance(
            Primary.class.getClassLoader(),
            new Class<?>[] {Primary.class},
            (proxy, method, arguments) -> switch (method.getName()) {
                case "workers" -> List.of();
                case "wanted" -> WANTED;
                case "reload" -> reload();
                default -> Mono.error(new IllegalStateException("it has ended"));
            });

    private Mono<Void> reload() {
        reloads.add(Sinks.empty());
        return reloads.get(reloads.size() - 1).asMono();
    }

    private ClusterAdmin.Status ask(ClusterAdmin.What what) {
        return admin.answer(primary, new ClusterAdmin.Question(what, 5));
    }

    @Test
    void aSecondReloadIsLeftOutAndTheFirstIsStillTold() {
        assertThat(ask(ClusterAdmin.What.STATUS).reload()).isEqualTo("none");
        assertThat(ask(ClusterAdmin.What.RELOAD).reload()).isEqualTo("running");
        assertThat(ask(ClusterAdmin.What.RELOAD).reload()).isEqualTo("running");
        assertThat(reloads).hasSize(1);

        reloads.get(0).tryEmitEmpty();
        assertThat(ask(ClusterAdmin.What.STATUS).reload()).isEqualTo("done");

        ask(ClusterAdmin.What.RELOAD);
        reloads.get(1).tryEmitError(new IllegalStateException("no database"));
        assertThat(ask(ClusterAdmin.What.STATUS).reload()).isEqualTo("no database");
    }

    @Test
    void howManyAreWantedIsWhatThePrimarySays() {
        assertThat(ask(ClusterAdmin.What.SCALE).wanted()).as("as it was told").isEqualTo(5);
        assertThat(ask(ClusterAdmin.What.STATUS).wanted()).as("it failed").isEqualTo(WANTED);
    }
}
