//! Sources with mutants woven into them.

use std::{collections::HashMap, ops::Range};

use proc_macro2::LineColumn;
use serde_json::Value;
use syn::{
    Arm, Block, ConstParam, Expr, ExprBinary, ExprConst, ExprMatch, ExprRepeat, ExprStruct, ExprUnary, File,
    ImplItemConst, ImplItemFn, ItemConst, ItemFn, ItemStatic, Member, ReturnType, Signature, TraitItemConst,
    TraitItemFn, TypeArray, TypeImplTrait,
    spanned::Spanned,
    visit::{self, Visit},
};

/// One change, as cargo-mutants lists it.
pub struct Mutant {
    pub id: u32,
    pub file: String,
    pub name: String,
    pub genre: String,
    pub replacement: String,
    /// Line and column, both from 1.
    start: (usize, usize),
}

impl Mutant {
    /// How the tests beside it are named: those of its file, or of the module below its own that its file is part of.
    pub fn tests(&self) -> String {
        let path = self.file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').take(2).map(|name| format!("{name}::")).collect()
    }
}

pub fn listed(path: &str) -> Vec<Mutant> {
    let text = std::fs::read_to_string(path).expect("the list");
    let list: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().unwrap_or_default() as usize;
    (1..)
        .zip(&list)
        .map(|(id, mutant)| Mutant {
            id,
            file: text(&mutant["file"]),
            name: text(&mutant["name"]),
            genre: text(&mutant["genre"]),
            replacement: text(&mutant["replacement"]),
            start: (number(&mutant["span"]["start"]["line"]), number(&mutant["span"]["start"]["column"])),
        })
        .collect()
}

/// A part of what stands in the place of a part of the source.
#[derive(Clone)]
enum Piece {
    Text(String),
    /// This part of the source, woven.
    Source(Range<usize>),
    /// What follows, up to `Close`, is this mutant's.
    Open(u32),
    Close,
}

struct Edit {
    range: Range<usize>,
    pieces: Vec<Piece>,
}

/// A woven source; where each mutant's text lies in it; which mutants have no place in it.
pub struct Woven {
    pub text: String,
    pub places: Vec<(Range<usize>, u32)>,
    pub left: Vec<u32>,
}

pub fn weave(source: &str, mutants: &[&Mutant]) -> Woven {
    let file: File = syn::parse_file(source).expect("Rust");
    let mut weaver = Weaver { at: HashMap::new(), edits: Vec::new() };
    for mutant in mutants {
        weaver.at.entry(mutant.start).or_default().push(mutant);
    }
    weaver.visit_file(&file);
    let left = weaver.at.into_values().flatten().map(|mutant| mutant.id).collect();
    let mut edits = weaver.edits;
    edits.sort_by_key(|edit| (edit.range.start, std::cmp::Reverse(edit.range.end)));
    let mut emitter = Emitter { source, edits: &edits, text: String::new(), places: Vec::new(), open: Vec::new() };
    emitter.emit(0..source.len());
    Woven { text: emitter.text, places: emitter.places, left }
}

struct Emitter<'a> {
    source: &'a str,
    edits: &'a [Edit],
    text: String,
    places: Vec<(Range<usize>, u32)>,
    open: Vec<(usize, u32)>,
}

impl Emitter<'_> {
    fn emit(&mut self, range: Range<usize>) {
        let mut done = range.start;
        for edit in self.edits {
            if edit.range.start < done || edit.range.end > range.end {
                continue;
            }
            self.text.push_str(&self.source[done..edit.range.start]);
            for piece in &edit.pieces {
                match piece {
                    Piece::Text(text) => self.text.push_str(text),
                    Piece::Source(part) => self.emit(part.clone()),
                    Piece::Open(id) => self.open.push((self.text.len(), *id)),
                    Piece::Close => {
                        let (start, id) = self.open.pop().expect("opened");
                        self.places.push((start..self.text.len(), id));
                    }
                }
            }
            done = edit.range.end;
        }
        self.text.push_str(&self.source[done..range.end]);
    }
}

struct Weaver<'a> {
    /// Mutants that have found no place yet.
    at: HashMap<(usize, usize), Vec<&'a Mutant>>,
    edits: Vec<Edit>,
}

fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

fn is(id: u32) -> String {
    format!("crate::mutated({id})")
}

fn is_opaque(output: &ReturnType) -> bool {
    struct Opaque(bool);
    impl<'ast> Visit<'ast> for Opaque {
        fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut opaque = Opaque(false);
    opaque.visit_return_type(output);
    opaque.0
}

fn has_let(expr: &Expr) -> bool {
    struct Lets(bool);
    impl<'ast> Visit<'ast> for Lets {
        fn visit_expr_let(&mut self, _: &'ast syn::ExprLet) {
            self.0 = true;
        }
        fn visit_expr_binary(&mut self, node: &'ast ExprBinary) {
            // Only what is in the chain itself.
            self.visit_chain(&node.left);
            self.visit_chain(&node.right);
        }
        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    impl Lets {
        fn visit_chain(&mut self, expr: &Expr) {
            match expr {
                Expr::Let(_) => self.0 = true,
                Expr::Binary(binary) => self.visit_expr_binary(binary),
                _ => {}
            }
        }
    }
    let mut lets = Lets(false);
    lets.visit_chain(expr);
    lets.0
}

impl<'a> Weaver<'a> {
    fn take(&mut self, at: LineColumn, genres: &[&str]) -> Vec<&'a Mutant> {
        let Some(here) = self.at.get_mut(&(at.line, at.column + 1)) else { return Vec::new() };
        let (taken, left) = here.drain(..).partition(|mutant| genres.contains(&&*mutant.genre));
        *here = left;
        taken
    }

    /// `(if m {…} else if n {…} else {…})`
    fn choose(&mut self, range: Range<usize>, mutants: &[(u32, Vec<Piece>)], original: Vec<Piece>) {
        let mut pieces = vec![Piece::Text("(".to_owned())];
        pieces.extend(Self::branches(mutants, original));
        pieces.push(Piece::Text(")".to_owned()));
        self.edits.push(Edit { range, pieces });
    }

    fn branches(mutants: &[(u32, Vec<Piece>)], original: Vec<Piece>) -> Vec<Piece> {
        let mut all = Vec::new();
        for (id, pieces) in mutants {
            all.push(Piece::Text(format!("if {} {{ ", is(*id))));
            all.push(Piece::Open(*id));
            all.extend_from_slice(pieces);
            all.push(Piece::Close);
            all.push(Piece::Text(" } else ".to_owned()));
        }
        all.push(Piece::Text("{ ".to_owned()));
        all.extend(original);
        all.push(Piece::Text(" }".to_owned()));
        all
    }

    fn function(&mut self, signature: &Signature, block: &Block) -> bool {
        if signature.constness.is_some() {
            return false;
        }
        // What is returned there has one type, which the compiler knows.
        if let Some(first) = block.stmts.first().filter(|_| !is_opaque(&signature.output)) {
            let mutants = self.take(first.span().start(), &["FnValue"]);
            if !mutants.is_empty() {
                let mut pieces = vec![Piece::Text("{ ".to_owned())];
                for mutant in mutants {
                    pieces.push(Piece::Text(format!("if {} {{ ", is(mutant.id))));
                    pieces.push(Piece::Open(mutant.id));
                    pieces.push(Piece::Text(format!("return {};", mutant.replacement)));
                    pieces.push(Piece::Close);
                    pieces.push(Piece::Text(" } ".to_owned()));
                }
                let whole = range(block);
                pieces.push(Piece::Source(whole.start + 1..whole.end - 1));
                pieces.push(Piece::Text("}".to_owned()));
                self.edits.push(Edit { range: whole, pieces });
            }
        }
        true
    }
}

impl<'ast> Visit<'ast> for Weaver<'_> {
    // Where a value must be known to the compiler there is nothing to choose.
    fn visit_item_const(&mut self, _: &'ast ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast TraitItemConst) {}
    fn visit_expr_const(&mut self, _: &'ast ExprConst) {}
    fn visit_const_param(&mut self, _: &'ast ConstParam) {}
    fn visit_type_array(&mut self, _: &'ast TypeArray) {}
    fn visit_expr_repeat(&mut self, node: &'ast ExprRepeat) {
        self.visit_expr(&node.expr);
    }

    fn visit_item_fn(&mut self, node: &'ast ItemFn) {
        if self.function(&node.sig, &node.block) {
            visit::visit_item_fn(self, node);
        }
    }

    fn visit_impl_item_fn(&mut self, node: &'ast ImplItemFn) {
        if self.function(&node.sig, &node.block) {
            visit::visit_impl_item_fn(self, node);
        }
    }

    fn visit_trait_item_fn(&mut self, node: &'ast TraitItemFn) {
        if node.default.as_ref().is_some_and(|block| self.function(&node.sig, block)) {
            visit::visit_trait_item_fn(self, node);
        }
    }

    fn visit_expr_binary(&mut self, node: &'ast ExprBinary) {
        visit::visit_expr_binary(self, node);
        if has_let(&node.left) || has_let(&node.right) {
            return;
        }
        let mutants = self.take(node.op.span().start(), &["BinaryOperator"]);
        if mutants.is_empty() {
            return;
        }
        let (left, op, right) = (range(&*node.left), node.op, range(&*node.right));
        let whole = left.start..right.end;
        let parens = |part: &Range<usize>| {
            [Piece::Text("(".to_owned()), Piece::Source(part.clone()), Piece::Text(")".to_owned())]
        };
        let text = |text: &str| Piece::Text(text.to_owned());
        let op_text = |op: &syn::BinOp| {
            let op = op.span().source_text().expect("an operator");
            Piece::Text(format!(" {op} "))
        };
        let with = |operator: Piece| {
            let mut pieces = parens(&left).into_iter().collect::<Vec<_>>();
            pieces.push(operator);
            pieces.extend(parens(&right));
            pieces
        };
        if matches!(op, syn::BinOp::And(_) | syn::BinOp::Or(_)) {
            // The left side only once, or long chains double with each link.
            let mut pieces = vec![text("({ let left_ = "), Piece::Source(left.clone()), text("; ")];
            let with = |operator: Piece| {
                let mut pieces = vec![text("left_"), operator];
                pieces.extend(parens(&right));
                pieces
            };
            let changed: Vec<_> = mutants
                .iter()
                .map(|mutant| (mutant.id, with(Piece::Text(format!(" {} ", mutant.replacement)))))
                .collect();
            pieces.extend(Self::branches(&changed, with(op_text(&op))));
            pieces.push(text(" })"));
            self.edits.push(Edit { range: whole, pieces });
            return;
        }
        let changed: Vec<_> =
            mutants.iter().map(|mutant| (mutant.id, with(Piece::Text(format!(" {} ", mutant.replacement))))).collect();
        let original = with(op_text(&op));
        self.choose(whole, &changed, original);
    }

    fn visit_expr_unary(&mut self, node: &'ast ExprUnary) {
        visit::visit_expr_unary(self, node);
        let mutants = self.take(node.op.span().start(), &["UnaryOperator"]);
        let Some(mutant) = mutants.first() else { return };
        let inner = range(&*node.expr);
        let whole = range(&node.op).start..inner.end;
        let op = node.op.span().source_text().expect("an operator");
        let original = vec![
            Piece::Text(op),
            Piece::Text("(".to_owned()),
            Piece::Source(inner.clone()),
            Piece::Text(")".to_owned()),
        ];
        self.choose(whole, &[(mutant.id, vec![Piece::Source(inner)])], original);
    }

    fn visit_expr_match(&mut self, node: &'ast ExprMatch) {
        let of_arm = |arm: &Arm| {
            let start = arm.span().start();
            let here = self.at.get(&(start.line, start.column + 1)).into_iter().flatten();
            here.filter(|mutant| mutant.genre == "MatchArm").map(|mutant| mutant.id).collect::<Vec<_>>()
        };
        let ids: Vec<u32> = node.arms.iter().flat_map(of_arm).collect();
        if !ids.is_empty() {
            // An arm that cannot be done without is missed where the value stands.
            let mut pieces: Vec<Piece> = ids.iter().map(|id| Piece::Open(*id)).collect();
            pieces.extend([
                Piece::Text(" ".to_owned()),
                Piece::Source(range(&*node.expr)),
                Piece::Text(" ".to_owned()),
            ]);
            pieces.extend(ids.iter().map(|_| Piece::Close));
            let whole = node.match_token.span.byte_range().end..node.brace_token.span.open().byte_range().start;
            self.edits.push(Edit { range: whole, pieces });
        }
        visit::visit_expr_match(self, node);
    }

    fn visit_arm(&mut self, node: &'ast Arm) {
        visit::visit_arm(self, node);
        let deleted = self.take(node.span().start(), &["MatchArm"]);
        let without: String = deleted.iter().map(|mutant| format!("!{} && ", is(mutant.id))).collect();
        match &node.guard {
            None if deleted.is_empty() => {}
            None => {
                let pattern = range(&node.pat);
                let id = deleted[0].id;
                let pieces = vec![
                    Piece::Source(pattern.start..pattern.end),
                    Piece::Open(id),
                    Piece::Text(format!(" if !{} ", is(id))),
                    Piece::Close,
                ];
                // Up to the arrow, so that what is inside is smaller than the edit.
                let arrow = node.fat_arrow_token.spans[0].byte_range();
                self.edits.push(Edit { range: pattern.start..arrow.start, pieces });
            }
            Some((_, guard)) => {
                let inner = range(&**guard);
                let mutants =
                    if has_let(guard) { Vec::new() } else { self.take(guard.span().start(), &["MatchArmGuard"]) };
                if deleted.is_empty() && mutants.is_empty() {
                    return;
                }
                let arrow = node.fat_arrow_token.spans[0].byte_range();
                let mut pieces = Vec::new();
                if let Some(mutant) = deleted.first() {
                    pieces.extend([Piece::Open(mutant.id), Piece::Text(without), Piece::Close]);
                }
                if mutants.is_empty() {
                    let parens = !has_let(guard);
                    pieces.push(Piece::Text(if parens { "(" } else { "" }.to_owned()));
                    pieces.push(Piece::Source(inner.clone()));
                    pieces.push(Piece::Text(if parens { ") " } else { " " }.to_owned()));
                } else {
                    let changed: Vec<_> = mutants
                        .iter()
                        .map(|mutant| (mutant.id, vec![Piece::Text(mutant.replacement.clone())]))
                        .collect();
                    pieces.push(Piece::Text("(".to_owned()));
                    pieces.extend(Self::branches(&changed, vec![Piece::Source(inner.clone())]));
                    pieces.push(Piece::Text(") ".to_owned()));
                }
                self.edits.push(Edit { range: inner.start..arrow.start, pieces });
            }
        }
    }

    fn visit_expr_struct(&mut self, node: &'ast ExprStruct) {
        visit::visit_expr_struct(self, node);
        let Some(base) = &node.rest else { return };
        for field in &node.fields {
            let mutants = self.take(field.span().start(), &["StructField"]);
            let (Some(mutant), Member::Named(name)) = (mutants.first(), &field.member) else { continue };
            let value = range(&field.expr);
            let changed =
                vec![Piece::Text("(".to_owned()), Piece::Source(range(&**base)), Piece::Text(format!(").{name}"))];
            let whole = range(field);
            let mut pieces = vec![Piece::Text(format!("{name}: ("))];
            // A field in short is as long as its value: what is inside must be smaller than the edit.
            let original = if value == whole { Piece::Text(name.to_string()) } else { Piece::Source(value) };
            pieces.extend(Self::branches(&[(mutant.id, changed)], vec![original]));
            pieces.push(Piece::Text(")".to_owned()));
            self.edits.push(Edit { range: whole, pieces });
        }
    }
}
