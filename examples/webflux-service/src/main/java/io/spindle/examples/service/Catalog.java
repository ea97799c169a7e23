// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.service;

import io.spindle.offload.BlockingPool;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The list of files, in a database. JDBC blocks, so every call goes through the pool. */
@Repository
class Catalog {

    private final JdbcClient jdbc;
    private final BlockingPool pool;

    Catalog(JdbcClient jdbc, BlockingPool pool) {
        this.jdbc = jdbc;
        this.pool = pool;
    }

    Mono<StoredFile> add(StoredFile file) {
        return pool.run(() -> jdbc.sql("insert into file (id, name, sha256, bytes, gzip_bytes)"
                                + " values (:id, :name, :sha256, :bytes, :gzipBytes)")
                        .param("id", file.id())
                        .param("name", file.name())
                        .param("sha256", file.sha256())
                        .param("bytes", file.bytes())
                        .param("gzipBytes", file.gzipBytes())
                        .update())
                .thenReturn(file);
    }

    /** Empty if there is none. */
    Mono<StoredFile> find(String id) {
        return pool.call(() -> jdbc.sql("select * from file where id = :id")
                .param("id", id)
                .query(StoredFile.class)
                .optional()
                .orElse(null));
    }

    Flux<StoredFile> findAll() {
        Mono<List<StoredFile>> all = pool.call(() -> jdbc.sql("select * from file order by name, id")
                .query(StoredFile.class)
                .list());
        return all.flatMapIterable(list -> list);
    }
}
